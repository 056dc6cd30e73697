/** Whether the pointer itself moved: a list that slides under a resting pointer also tells of a move, and must not choose. */
export function moved(event: PointerEvent): boolean {
  return event.movementX !== 0 || event.movementY !== 0
}

#!/usr/bin/env bash
# run.sh BUILD - digital lines on a kernel: busbar of BUILD in a virtual machine whose chip is the kernel's gpio-sim.
# What it switches and counts is held against what the kernel shows under /sys. Called by `./dev test qemu`, which installs
# what is needed; README.md tells what that is. Status 0 when all lines of the guest say ok.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$build/qemu
mkdir -p "$work"

give_up() { echo "tests/qemu: $*" >&2; exit 2; }

release=$(cd /usr/src && ls -d linux-headers-*-amd64 2>/dev/null | sed 's/linux-headers-//' | grep -vE 'rt|cloud' | sort -V | tail -1)
[ -n "$release" ] || give_up "no linux-headers-*-amd64: ./dev test qemu installs them"
source=$(ls /usr/src/linux-source-*.tar.xz 2>/dev/null | sort -V | tail -1)
[ -n "$source" ] || give_up "no linux-source: ./dev test qemu installs it"

# The kernel that the headers belong to, unpacked beside us: it is not installed.
kernel() {
  [ -f "$work/image/boot/vmlinuz-$release" ] && return
  rm -rf "$work/image" && mkdir -p "$work/image"
  (cd "$work" && apt-get download "linux-image-$release" >/dev/null) || give_up "linux-image-$release cannot be fetched"
  dpkg-deb -x "$work"/linux-image-*.deb "$work/image"
  rm -f "$work"/linux-image-*.deb
}

# Debian's kernels leave gpio-sim out, and what simulates its interrupts: both are built from Debian's own sources as one
# module. irq_to_desc() is for the kernel alone; a module gets the same by way of the interrupt's data.
module() {
  [ -f "$work/module/gpio-sim.ko" ] && [ "$(cat "$work/module/release" 2>/dev/null)" = "$release" ] && return
  rm -rf "$work/module" && mkdir -p "$work/module"
  tar -xJf "$source" -C "$work/module" --wildcards --transform 's,.*/,,' '*/drivers/gpio/gpio-sim.c' '*/drivers/gpio/gpiolib.h' \
    '*/drivers/gpio/gpiolib-cdev.h' '*/kernel/irq/irq_sim.c'
  mv "$work/module/gpio-sim.c" "$work/module/core.c"
  sed -i 's/irq_to_desc(irqnum)/irq_data_to_desc(irq_get_irq_data(irqnum))/; s/#include <linux\/irq.h>/&\n#include <linux\/irqdesc.h>/' \
    "$work/module/irq_sim.c"
  printf 'obj-m := gpio-sim.o\ngpio-sim-objs := core.o irq_sim.o\n' >"$work/module/Makefile"
  make -s -C "/usr/src/linux-headers-$release" M="$work/module" modules >"$work/module/log" 2>&1 ||
    { cat "$work/module/log" >&2; give_up "gpio-sim cannot be built for $release"; }
  echo "$release" >"$work/module/release"
}

# All that the guest has: busybox, busbar with its libraries, two modules, the script.
guest() {
  local at=$work/guest file
  rm -rf "$at" && mkdir -p "$at"/{bin,dev,proc,sys,tmp,etc,lib,profiles}
  cp /bin/busybox "$at/bin/busybox"
  ln -s busybox "$at/bin/sh"
  cp "$build/busbar" "$at/bin/busbar"
  for file in $(ldd "$build/busbar" | grep -o '/[^ ]*'); do
    case $file in
      */ld-linux*) mkdir -p "$at$(dirname "$file")" && cp -L "$file" "$at$file" ;; # where the program looks for it
      *) cp -L "$file" "$at/lib/" ;;
    esac
  done
  mkdir -p "$at/usr/share/zoneinfo" && cp /usr/share/zoneinfo/UTC "$at/usr/share/zoneinfo/"
  cp "$here/init" "$at/init"
  cp "$here/site.yaml" "$at/etc/busbar.yaml"
  find "$work/image/lib/modules" -name configfs.ko -exec cp {} "$at/configfs.ko" \;
  cp "$work/module/gpio-sim.ko" "$at/gpio-sim.ko"
  chmod +x "$at/init"
  (cd "$at" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/guest.gz"
}

kernel
module
guest
# Without KVM the machine is a program: minutes of patience, and no test of speed.
timeout 600 qemu-system-x86_64 -m 512 -smp 2 -nographic -no-reboot -nic none -cpu max \
  -kernel "$work/image/boot/vmlinuz-$release" -initrd "$work/guest.gz" \
  -append 'console=ttyS0 quiet panic=-1 rdinit=/init' </dev/null 2>&1 | tr -d '\r' >"$work/log" || true
grep -aE '^(ok|not ok|#) ' "$work/log" || true
if grep -aqE '^not ok' "$work/log" || ! grep -aqx 'ok - all' "$work/log"; then
  echo "tests/qemu: failed; the whole log is $work/log" >&2
  tail -40 "$work/log" >&2
  exit 1
fi

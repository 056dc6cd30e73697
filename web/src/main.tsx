// The start of the pages.
import { render } from 'preact'
import './style/app.css'
import { whenSignedOut } from './api/http'
import { watchSleep } from './api/live'
import { startClock } from './base/clock'
import { startRouting } from './route/route'
import { App } from './shell/app'
import { signedOut, start } from './shell/start'
import { startTooltips } from './shell/tooltip'
import { watchProblems } from './shell/use-problems'

startRouting()
startClock()
startTooltips()
watchProblems()
watchSleep()
whenSignedOut(signedOut)
const root = document.getElementById('app')
if (root) render(<App />, root)
start()

// What a browser loads of a list at first, with nothing kept, and of the next
// one, as the network carries it. Prints JSON: node wire.mjs ADDRESS COOKIES
import { chromium } from 'playwright-core'

const [address, cookies] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'] })
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en' })
await context.addCookies(cookies.split('; ').filter(Boolean).map((c) => {
	const at = c.indexOf('=')
	return { name: c.slice(0, at), value: c.slice(at + 1), url: address }
}))
const page = await context.newPage()
const network = await context.newCDPSession(page)
await network.send('Network.enable')
let loaded = { Bytes: 0, Requests: 0 }
const cached = new Set()
network.on('Network.requestServedFromCache', (e) => cached.add(e.requestId))
network.on('Network.loadingFinished', (e) => {
	if (cached.has(e.requestId) || e.encodedDataLength === 0) return
	loaded.Bytes += e.encodedDataLength
	loaded.Requests++
})
const views = []
async function view(what, go) {
	loaded = { Bytes: 0, Requests: 0 }
	await go()
	await page.waitForLoadState('networkidle')
	views.push({ What: what, ...loaded })
}
await view('first view of a list', () => page.goto(address + '/plans'))
await view('next view, of another list', async () => {
	await page.click('nav a[href="/orders"]')
	await page.waitForURL('**/orders')
})
await view('back to the first list', async () => {
	await page.click('nav a[href="/plans"]')
	await page.waitForURL('**/plans')
})
await browser.close()
console.log(JSON.stringify(views))

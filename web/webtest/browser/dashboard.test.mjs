// The dashboard and what ends: one size of letters in charts whatever their width, and
// figures that pointer, keys and taps show without covering or moving anything.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, fits, open } from "./browser.mjs";

for (const look of [{ lang: "zh", width: 390 }, { lang: "en", width: 390 }, { lang: "zh", width: 1280 }, { lang: "en", width: 1280 }]) {
	test(`the chart says what is pointed at, ${look.lang}, ${look.width} wide`, async (t) => {
		const page = await open(t, { role: "approver", ...look });
		await page.goto("/");
		const sizes = await page.locator(".tick").evaluateAll((all) => [...new Set(all.map((e) => `${getComputedStyle(e).fontSize} ${e.getCTM().a}`))]);
		assert.deepEqual(sizes, ["12px 1"], "letters of charts");
		const said = () => page.locator(".read-total").evaluateAll((all) => all.filter((e) => getComputedStyle(e).visibility === "visible").map((e) => e.innerText));
		// Where it is on the page, which scrolls to what is pointed at.
		const place = () => page.locator("#spend").evaluate((e) => {
			const { x, y, width, height } = e.getBoundingClientRect();
			return [x, y + scrollY, width, height].map(Math.round);
		});
		const before = await place();
		const [last] = await said();
		assert.match(last, look.lang === "zh" ? /^\d{4}年\d+月/ : /^[A-Z][a-z]{2} \d{4}/);
		// What is shown follows within a frame.
		const says = async (right, what) => {
			let now;
			for (let tries = 0; tries < 40; tries++) {
				now = await said();
				if (now.length === 1 && right(now[0])) return now[0];
				await page.waitForTimeout(50);
			}
			assert.fail(`${what}: ${now}`);
		};
		const columns = page.locator("#spend .plot-column");
		await columns.nth(3).hover();
		await says((text) => text !== last, "the column under the pointer");
		await page.mouse.move(0, 0);
		await says((text) => text === last, "nothing is pointed at any more");
		await columns.nth(5).click();
		await page.mouse.move(0, 0);
		const tapped = await says((text) => text !== last, "a tap");
		await page.keyboard.press("ArrowLeft");
		await says((text) => text !== tapped && text !== last, "an arrow key");
		assert.deepEqual(await place(), before, "nothing moves");
		await page.click("#spend .chart-table summary");
		const table = page.locator("#spend .table-scroll");
		if (look.width > 1000) assert.ok(await table.evaluate((e) => e.scrollWidth <= e.clientWidth), "the table behind the chart scrolls");
		await fits(page);
		await accessible(page);
	});

	test(`numbers of what ends lead to as many, ${look.lang}, ${look.width} wide`, async (t) => {
		const page = await open(t, { role: "approver", ...look });
		await page.goto("/");
		const links = await page.locator(".ends-counts a").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.querySelector("b").innerText]));
		assert.equal(links.length, 3);
		for (const [href, n] of links) {
			await page.goto(href);
			assert.equal(String(await page.locator(".term").count()), n, href);
		}
		await page.goto("/expiring?within=all");
		await fits(page);
		await accessible(page);
		const dots = await page.locator(".term circle").evaluateAll((all) => all.map((e) => e.getBoundingClientRect().right - e.closest("svg").getBoundingClientRect().right));
		assert.ok(dots.length > 0 && dots.every((over) => over <= 0), `dots leave their tracks: ${dots}`);
	});
}

test("a reminder is chosen without scripts", async (t) => {
	const page = await open(t, { role: "requester", scripts: false });
	await page.goto("/expiring?within=all");
	await page.click(".term a >> nth=0");
	await page.fill("#remind_days", "14, 3");
	await page.click("#remind-form button >> nth=0");
	assert.equal(await page.locator("#remind_days").inputValue(), "14, 3");
	await page.click("#remind-form button[name=usual]");
	assert.notEqual(await page.locator("#remind_days").inputValue(), "14, 3");
});

// The console for those who use no mouse, enlarge pages, choose their own colours, want
// no motion or browse without scripts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, open, shoot } from "./browser.mjs";

// seen tells whether one sees where the focus is: by a line around it or around what it
// stands in.
const seen = (page) =>
	page.evaluate(() => {
		for (let e = document.activeElement, n = 0; e && n < 4; e = e.parentElement, n++) {
			const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(e);
			if (outlineStyle !== "none" && parseFloat(outlineWidth) > 0 && !/, 0\)$|transparent/.test(outlineColor)) return true;
		}
		return false;
	});

// tabTo presses Tab until something has the focus, which is seen all the way.
async function tabTo(page, selector) {
	for (let i = 0; i < 90; i++) {
		await page.keyboard.press("Tab");
		const [there, name] = await page.evaluate((s) => [document.activeElement.matches(s), document.activeElement.outerHTML.slice(0, 160)], selector);
		if (name.startsWith("<body")) continue; // between the end of the page and its beginning
		assert.ok(await seen(page), `the focus is seen on ${name}`);
		if (there) return;
	}
	assert.fail(`Tab does not reach ${selector}`);
}

// choose moves among radio buttons to one.
async function choose(page, name, value) {
	await tabTo(page, `[name="${name}"]`);
	await page.keyboard.press("Space");
	for (let i = 0; i < 40; i++) {
		if (await page.evaluate(([n, v]) => document.activeElement.name === n && document.activeElement.value === v && document.activeElement.checked, [name, value])) return;
		await page.keyboard.press("ArrowDown");
	}
	assert.fail(`the arrows do not reach ${name} ${value}`);
}

// made waits for the page of what was ordered.
const made = (page, paths) => page.waitForURL((url) => new RegExp(`^/(${paths})/(?!new)[^/]+$`).test(url.pathname));

const settled = (page) => page.waitForFunction(() => !document.querySelector(".htmx-request"));

test("a bucket, a plan and a store are ordered by keyboard alone", async (t) => {
	const page = await open(t, { role: "requester" });
	await page.goto("/");
	await page.keyboard.press("Tab");
	assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "the first is the way past the navigation");
	await page.keyboard.press("Enter");
	assert.equal(await page.evaluate(() => document.activeElement.id), "main");

	await page.goto("/buckets/new");
	await tabTo(page, "[name=region]");
	await page.keyboard.press("Space");
	await settled(page);
	await tabTo(page, "[name=bucket_name]");
	await page.keyboard.type(`by-keyboard-${Date.now() % 100000}`);
	await settled(page);
	await tabTo(page, "#bucket-form button.primary, .form-actions button.primary");
	await page.keyboard.press("Enter");
	await made(page, "buckets");

	await page.goto("/plans/new");
	for (const name of ["package_type", "specification", "duration"]) {
		await page.waitForSelector(`[name=${name}]:enabled`, { state: "attached" });
		await tabTo(page, `[name=${name}]`);
		await page.keyboard.press((await page.evaluate(() => document.activeElement.tagName)) === "SELECT" ? "ArrowDown" : "Space");
		await settled(page);
	}
	await tabTo(page, ".form-actions button.primary");
	await page.keyboard.press("Enter");
	await made(page, "plans|orders");

	await page.goto("/stores/new");
	await tabTo(page, "[name=store_name]");
	await page.keyboard.type(`by-keyboard-${Date.now() % 100000}`);
	await settled(page);
	await choose(page, "cu", "2xlarge");
	await settled(page);
	await tabTo(page, ".form-actions button.primary");
	await page.keyboard.press("Enter");
	await made(page, "stores|orders");
});

const some = ["/", "/buckets", "/orders", "/plans/new", "/stores/new", "/activity", "/catalogue", "/catalogue/prices", "/approvals", "/drafts", "/team/budgets", "/account", "/site/activity", "/catalogue/sale", "/catalogue/prices/import"];

test("at twice the size nothing is beside the window", async (t) => {
	const page = await open(t, { role: "admin", width: 640, height: 400, scale: 2 });
	for (const path of some) {
		await page.goto(path);
		await shoot(page, `${path}-zoomed`);
		await fits(page);
	}
});

for (const theme of ["light", "dark"]) {
	test(`states are seen in colours of one's own, ${theme}`, async (t) => {
		const page = await open(t, { role: "admin", theme, forced: true });
		const lined = (selector) =>
			page.locator(selector).first().evaluate((e) => {
				const { outlineStyle, outlineWidth } = getComputedStyle(e);
				return outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
			});
		for (const path of some) {
			await page.goto(path);
			await shoot(page, `${path}-forced-${theme}`);
			assert.ok(path.startsWith("/account") || (await page.locator(".nav-list [aria-current]").count()) === 0 || (await lined(".nav-list [aria-current]")), `${path}: where one is`);
		}
		await page.goto("/stores/new");
		assert.ok(await lined(".segmented > :has(:checked), .choice-card:has(:checked)"), "what is chosen");
		await page.goto("/orders");
		await page.keyboard.press("Control+k");
		await page.waitForSelector("dialog.palette .found-item[aria-selected=true]");
		assert.ok(await lined("dialog.palette .found-item[aria-selected=true]"), "what Enter opens");
		await page.keyboard.press("Escape");
		const dot = await page.locator("td > b").first().evaluate((e) => [getComputedStyle(e, "::before").backgroundColor, getComputedStyle(document.body).backgroundColor]);
		assert.notEqual(dot[0], dot[1], "the dot of a state");
	});
}

test("nothing moves for those who want that", async (t) => {
	const page = await open(t, { role: "requester" });
	for (const path of ["/", "/stores", "/stores/new"]) {
		await page.goto(path);
		const moving = await page.evaluate(() => document.getAnimations().filter((a) => a.effect.getComputedTiming().duration > 1).length);
		assert.equal(moving, 0, path);
	}
});

test("lists, views and forms work without scripts", async (t) => {
	const page = await open(t, { role: "requester", scripts: false });
	await page.goto("/buckets");
	await page.click("#buckets thead a >> nth=1");
	await page.waitForURL(/sort=region/);
	const regions = await page.locator("#buckets tbody td:nth-child(2)").allTextContents();
	assert.deepEqual(regions.length > 1, true);
	await page.fill("main .search-box input", "a");
	await page.press("main .search-box input", "Enter");
	await page.waitForURL(/q=a/);
	assert.match(page.url(), /sort=region/, "the order stays");
	await page.goto("/buckets/new");
	await page.fill("[name=bucket_name]", "No");
	await page.click(".form-actions button.primary");
	await page.waitForSelector(".error-summary");
	assert.equal(await page.inputValue("[name=bucket_name]"), "No");
	await page.selectOption("[name=region]", "cn-hangzhou");
	await page.fill("[name=bucket_name]", `no-scripts-${Date.now() % 100000}`);
	await page.click(".form-actions button.primary");
	await made(page, "buckets");
});

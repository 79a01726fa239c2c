// What stands in the rows of lists and in the menus over them can be clicked: the
// link of a row lies over none of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";

const lists = ["/orders", "/plans", "/buckets", "/stores", "/apps", "/pkg-versions", "/team", "/team/keys", "/activity", "/buckets/"];

for (const width of [1280, 390]) {
	test(`buttons, links and menus of lists are clicked, ${width} wide`, async (t) => {
		const page = await open(t, { role: "admin", width });
		for (const path of lists) {
			await page.goto(path.replace(/\/$/, ""));
			if (path.endsWith("/")) {
				await page.click("tbody th a >> text=starlight-artifacts");
				await page.waitForSelector("#objects");
				await page.click("#objects thead a >> text=Size");
				await page.waitForURL(/sort=size/);
			}
			const parts = await page.locator(":is(.pager a, thead a, tbody tr:nth-child(-n+2) :is(a, button, select, input)):visible").all();
			assert.ok(parts.length > 2, `${path}: got ${parts.length} things to click`);
			for (const part of parts) await part.click({ trial: true, timeout: 5000 });
			for (const button of await page.locator(".toolbar [popovertarget]").all()) {
				await button.click();
				for (const item of await page.locator(".filter-menu:popover-open a").all()) await item.click({ trial: true, timeout: 5000 });
				await page.keyboard.press("Escape");
			}
		}
		await page.goto("/team");
		await page.locator("#members td.actions button").first().click();
		await page.locator("dialog[open] button.danger").click({ trial: true });
		await page.locator("dialog[open] button:not(.danger)").first().click();
		await page.waitForSelector("dialog[open]", { state: "detached" });
	});
}

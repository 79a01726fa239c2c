// What a reader keeps of a list, its columns and views, and what is done to several
// rows at once, with scripts and without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, open } from "./browser.mjs";

const heads = async (page) => (await page.locator("thead th").allInnerTexts()).map((s) => s.trim());
const rows = (page) => page.locator("tbody tr").count();

for (const scripts of [true, false]) {
	const how = scripts ? "with scripts" : "without scripts";

	test(`columns are chosen and moved, ${how}`, async (t) => {
		const page = await open(t, { role: "viewer", scripts });
		await page.goto("/stores");
		const usual = await heads(page);
		await page.click(".toolbar-end a >> text=Columns");
		if (scripts) await accessible(page);
		await page.locator(".choose-list label", { hasText: "Created by" }).locator("input").check();
		await page.locator(".choose-list label", { hasText: "Region" }).locator("input").uncheck();
		await page.click("text=Show these");
		const chosen = await heads(page);
		assert.ok(chosen.at(-1) === "Created by" && !chosen.includes("Region"), `chosen: ${chosen}`);
		await page.click(".toolbar-end a >> text=Columns");
		await page.click("button:has-text('Move Created by up')");
		await page.waitForURL(/choose=/);
		assert.equal((await heads(page)).at(-2), "Created by");
		await page.goto("/stores");
		assert.equal((await heads(page)).at(-2), "Created by", "the columns were not kept");
		await page.click(".toolbar-end a >> text=Columns");
		await page.click("text=Usual columns again");
		assert.deepEqual(await heads(page), usual);
	});

	test(`a view is saved, opened, changed and deleted, ${how}`, async (t) => {
		const page = await open(t, { role: "viewer", scripts });
		await page.goto("/orders");
		const whole = await rows(page);
		await page.goto("/orders?state=failed");
		const some = await rows(page);
		assert.ok(some > 0 && some < whole, `${some} of ${whole} rows`);
		await page.click(".toolbar-end a >> text=Save view");
		if (scripts) await accessible(page);
		await page.fill("#view_name", `Failed ${how}`);
		await page.click("#view-form button >> text=Save view");
		await page.waitForURL(/view=/);
		await page.goto("/orders");
		await page.click(`.tabs a:has-text("Failed ${how}")`);
		assert.equal(await rows(page), some);
		await page.click(".chip a");
		await page.click("text=Save changes to this view");
		await page.waitForURL(/view=/);
		assert.equal(await rows(page), whole);
		await page.click(".toolbar-end a >> text=Views");
		await page.click("button:has-text('Delete view')");
		await page.click("dialog[open] button.danger");
		assert.equal(await page.locator(`.tabs a:has-text("Failed ${how}")`).count(), 0);
	});

	test(`buckets are picked and deleted after a preview, ${how}`, async (t) => {
		const page = await open(t, { role: "requester", scripts });
		await page.goto("/buckets");
		const before = await rows(page);
		assert.equal(await page.locator(".picked").isVisible(), false, "nothing is picked yet");
		const pick = (name) => page.locator("tbody tr", { hasText: name }).locator("input").check();
		await pick(scripts ? "atlas-raw-shenzhen" : "atlas-raw-beijing");
		await pick("starlight-artifacts"); // has files
		await page.click(".picked button >> text=Delete");
		await page.waitForURL(/\.bulk\?/);
		if (scripts) await accessible(page);
		assert.match(await page.locator("#bulk").innerText(), /Only an empty bucket/);
		await page.click("#bulk-form button.danger");
		await page.waitForURL(/\/bulks\//);
		assert.match(await page.locator("h1").innerText(), /Deleted 1/);
		await page.click("text=Back to Buckets");
		assert.equal(await rows(page), before - 1);
	});
}

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
		assert.equal(await page.locator(".picked").isVisible(), false, "nothing is picked yet");
		const row = (name) => page.locator("tbody tr", { hasText: name });
		const pick = (name) => row(name).locator("input").check();
		const empty = scripts ? "atlas-raw-shenzhen" : "atlas-raw-beijing";
		await pick(empty);
		await pick("starlight-artifacts"); // has files
		await page.click(".picked button >> text=Delete");
		await page.waitForURL(/\.bulk\?/);
		if (scripts) await accessible(page);
		assert.match(await page.locator("#bulk").innerText(), /Only an empty bucket/);
		await page.click("#bulk-form button.danger");
		await page.waitForURL(/\/bulks\//);
		assert.match(await page.locator("main [role=status]").innerText(), /1 of 1 done/);
		await page.click("text=Back to Buckets");
		await row("starlight-artifacts").waitFor();
		assert.equal(await row(empty).count(), 0);
	});
}

test("the bar says what is picked, and orders get a cost centre", async (t) => {
	const page = await open(t, { role: "admin" });
	await page.goto("/orders");
	const bar = page.locator(".picked");
	const boxes = page.locator("tbody [name=pick]");
	await boxes.nth(0).focus();
	await page.keyboard.press("Space");
	assert.match(await bar.locator("[role=status]").innerText(), /^1 selected$/);
	const box = await bar.boundingBox();
	assert.ok(box.y + box.height <= page.viewportSize().height + 1, "the bar is in the window");
	await boxes.nth(3).click({ modifiers: ["Shift"] });
	assert.match(await bar.locator("[role=status]").innerText(), /^4 selected$/);
	assert.match(await bar.locator("[data-sums]").innerText(), /^¥[\d,.]+( \+ Pay as you go)?$/);
	await accessible(page);
	await page.locator("[data-pick-page]").check();
	assert.equal(await page.locator("tbody [name=pick]:checked").count(), await boxes.count());
	await bar.locator("[name=all]").check();
	assert.match(await bar.locator("[role=status]").innerText(), /^All/);
	await bar.locator("[type=reset]").click();
	assert.equal(await bar.isVisible(), false, "cleared");
	const row = page.locator("tbody tr", { hasText: "Completed" }).first();
	const number = (await row.locator("a code").innerText()).trim();
	await row.locator("[name=pick]").check();
	await bar.locator("text=Cost centre").click();
	await page.waitForURL(/\.bulk\?/);
	await page.fill("#cost_centre", "RD-77");
	await page.waitForSelector("#bulk td strong >> text=RD-77");
	await accessible(page);
	await page.click("#bulk-form button.primary");
	await page.waitForURL(/\/bulks\//);
	assert.match(await page.locator("#bulk").innerText(), new RegExp(`${number}[^]*RD-77`));
	await page.goto("/orders?centre=RD-77");
	assert.equal(await rows(page), 1);
});

test("plans are renewed together", async (t) => {
	const page = await open(t, { role: "requester" });
	await page.goto("/plans");
	await page.locator("[data-pick-page]").check();
	await page.locator(".picked button >> text=Renew").click();
	await page.waitForURL(/renewals/);
	await page.waitForSelector("#renewals tbody tr");
	await accessible(page);
	assert.ok((await page.locator("#renewals tbody tr").count()) > 2);
});

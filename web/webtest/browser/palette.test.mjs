// Search and actions in a dialog, by keyboard alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";

const found = (page) => page.locator("dialog.palette .found-item[aria-selected=true]").textContent().then((text) => text.trim());

test("anything is found and done by keyboard", async (t) => {
	const page = await open(t, { role: "admin" });
	await page.goto("/buckets");
	await page.click("#buckets tbody th a");
	await page.waitForSelector(".breadcrumb");
	const bucket = (await page.locator("h1 > span").first().textContent()).trim();
	await page.goto("/orders");
	await page.keyboard.press("Control+k");
	await page.waitForSelector("dialog.palette[open]");
	assert.equal(await found(page), bucket, "what was opened lately comes first");
	await page.keyboard.type("create buck");
	await page.waitForFunction(() => document.querySelector("dialog.palette [role=status]").textContent.trim() !== "");
	assert.match(await found(page), /^Create bucket/);
	const role = await page.locator("dialog.palette input").evaluate((input) => [input.role, document.getElementById(input.getAttribute("aria-activedescendant")).role, document.activeElement === input].join());
	assert.equal(role, "combobox,option,true");
	await page.keyboard.press("Enter");
	await page.waitForURL(/buckets.new/);

	await page.locator("[name=bucket_name], [name=storage_name], input[type=text]").first().focus();
	await page.keyboard.type("a/b");
	assert.equal(await page.locator("dialog.palette[open]").count(), 0, "/ is a letter where one types");
	await page.goto("/orders");
	await page.keyboard.press("/");
	await page.waitForSelector("dialog.palette[open]");
	await page.keyboard.type("renew");
	await page.waitForSelector("dialog.palette .found-item[href$='/renewal']");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("ArrowUp");
	await page.keyboard.press("Enter");
	await page.waitForURL(/renewal/);
	await page.keyboard.press("Control+k");
	await page.waitForSelector("dialog.palette[open]");
	await page.keyboard.press("Escape");
	await page.waitForSelector("dialog.palette[open]", { state: "detached" });

	await page.goto("/account");
	await page.selectOption("[name=slash]", "off");
	await page.click("#profile-form .primary");
	await page.waitForLoadState();
	await page.goto("/orders");
	await page.keyboard.press("/");
	await page.keyboard.press("Control+k");
	await page.waitForSelector("dialog.palette[open]");
	assert.equal(await page.locator("dialog.palette input").inputValue(), "");
});

test("without scripts it is the search page", async (t) => {
	const page = await open(t, { role: "requester", width: 390, scripts: false });
	await page.goto("/orders");
	await page.fill(".site-search input", "approvals");
	await page.press(".site-search input", "Enter");
	await page.waitForURL("**/search?q=approvals");
	await page.click(".found-item[href='/approvals']");
	await page.waitForURL("**/approvals");
});

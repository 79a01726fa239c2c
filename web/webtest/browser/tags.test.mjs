// Tags are gone on with while they are typed, and lead to what has them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, fits, open, shoot } from "./browser.mjs";

test("tags are edited on the page of a thing, with those of the team offered for the last word", async (t) => {
	const page = await open(t, { role: "requester" });
	await page.goto("/buckets");
	await page.click("tbody th a");
	await page.waitForURL(/\/buckets\/[^?]+$/);
	const bucket = new URL(page.url()).pathname;
	await page.goto(`${bucket}/details`);
	await page.click(".tags-edit summary");
	await page.fill("#tags", "browser-one, browser-two");
	await page.click("#tags-form button");
	await page.waitForURL(`**${bucket}/details`);
	await page.locator(".facts .tags a", { hasText: "browser-two" }).waitFor();
	await page.goto("/apps");
	await page.click("tbody th a");
	await page.waitForURL(/\/apps\/[^?]+$/);
	const app = new URL(page.url()).pathname;
	await page.click(".tags-edit summary");
	await page.locator("#tags").fill("");
	await page.locator("#tags").pressSequentially("mine BROWSER-T", { delay: 5 });
	const offered = page.locator("#tags-known option[value='mine browser-two']");
	await offered.waitFor({ state: "attached" });
	assert.equal(await page.locator("#tags-known option").count(), 1);
	await accessible(page, "main");
	await fits(page);
	await shoot(page, "tags-edit");
	await page.fill("#tags", await offered.getAttribute("value"));
	await page.click("#tags-form button");
	await page.click(".facts .tags a:text-is('browser-two')");
	await page.waitForURL("**/apps?tag=browser-two");
	await page.locator(`tbody th a[href="${app}"]`).waitFor();
	await accessible(page, "main");
	await fits(page);
	await shoot(page, "tags-list");
});

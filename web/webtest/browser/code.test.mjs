// Takes a form away as code and fills one in from code, as people do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";

const code = (page) => page.locator("#as-code pre").textContent();

test("the code of a form follows it, by keyboard", async (t) => {
	const page = await open(t, { role: "requester", theme: "light", lang: "en", width: 1280 });
	await page.goto("/stores/new?store_name=handbook");
	await page.focus("[name=code][value='']");
	await page.keyboard.press("ArrowRight");
	await page.locator("#as-code pre", { hasText: "openssl" }).waitFor();
	await page.keyboard.press("ArrowRight");
	await page.locator("#as-code pre", { hasText: "hcloud" }).waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.value), "cli", "the focus stays on the language");
	await page.fill("[name=num]", "7");
	await page.locator("#as-code pre", { hasText: "--flavor.num=7" }).waitFor();
	assert.match(await code(page), /--store_name=handbook/);
});

test("a pasted request fills in the form, whatever was typed before", async (t) => {
	const page = await open(t, { role: "requester", theme: "dark", lang: "en", width: 390, faults: [/status of 422/] });
	await page.goto("/stores/new");
	await page.fill("[name=store_name]", "typed");
	await page.click("details.fold > summary");
	await page.fill("[name=note]", "kept");
	await page.check("[name=cu][value='4xlarge']");
	await page.click("#as-code summary");
	await page.fill("[name=paste]", `{"store_name":"pasted","region":"cn-north-4","availability_zones":["cn-north-4a"],"flavor":{"cu":"xlarge","num":3},"colour":"red"}`);
	await page.click("#as-code button:has-text('Fill in')");
	await page.locator("#pasted", { hasText: "colour=red" }).waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.id), "pasted", "the focus goes to what was said");
	for (const [field, want] of Object.entries({ store_name: "pasted", region: "cn-north-4", num: "3", note: "kept" })) {
		assert.equal(await page.inputValue(`[name=${field}]`), want, field);
	}
	assert.equal(await page.inputValue("[name=cu]:checked"), "xlarge");
	await page.click("#as-code summary");
	await page.fill("[name=paste]", "curl 'http://h");
	await page.click("#as-code button:has-text('Fill in')");
	await page.locator("#pasted .tone-danger").waitFor();
	assert.equal(await page.inputValue("[name=paste]"), "curl 'http://h", "what could not be read stays");
	assert.equal(await page.inputValue("[name=store_name]"), "pasted", "and so does the form");
});

test("both work without scripts", async (t) => {
	const page = await open(t, { role: "requester", theme: "light", lang: "en", width: 1280, scripts: false });
	await page.goto("/plans/new");
	await page.click("#as-code summary");
	await page.fill("[name=paste]", "aliyun bssopenapi CreateResourcePackage --ProductCode ossbag --PackageType FPT_ossbag_absolute_Storage_sh --Specification 40 --Duration 6");
	await page.click("#as-code button:has-text('Fill in')");
	assert.equal(await page.inputValue("[name=package_type]"), "FPT_ossbag_absolute_Storage_sh");
	await page.check("[name=code][value=json]", { force: true });
	await page.click("#as-code button:has-text('Show')");
	assert.equal(JSON.parse(await code(page)).Duration, 6);
});

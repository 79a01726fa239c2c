import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, accounts, open, origin, signIn } from "./browser.mjs";

const path = (page) => new URL(page.url()).pathname;

for (const scripts of [true, false]) {
	const how = scripts ? "with scripts" : "without scripts";

	test(`the right password opens the dashboard, ${how}`, async (t) => {
		const page = await open(t, { scripts });
		await page.goto("/sign-in");
		await signIn(page, accounts.requester);
		await page.waitForURL(origin + "/");
		assert.equal(await page.locator("h1").count(), 1, "headings of the first rank");
	});

	test(`a wrong password is told beside what was typed, ${how}`, async (t) => {
		const page = await open(t, { scripts });
		await page.goto("/sign-in");
		const email = `nobody-${how.length}@example.com`;
		await signIn(page, { email, password: "not the password" });
		assert.equal(path(page), "/sign-in");
		assert.equal(await page.locator("input[name=email]").inputValue(), email, "address, still there");
		assert.equal(await page.locator("input[name=password]").inputValue(), "", "password, gone");
		await page.locator("[role=alert], [aria-invalid=true], .error-summary").first().waitFor();
		if (scripts) await accessible(page);
	});
}

test("who is not signed in is asked to, and comes back where they wanted to go", async (t) => {
	const page = await open(t);
	await page.goto("/buckets");
	assert.equal(path(page), "/sign-in");
	await signIn(page, accounts.requester);
	await page.waitForURL(origin + "/buckets");
});

// Asks and decides as people do: the requester places an order that waits, the
// approver decides it on a phone, and the requester sees so in the bell.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, fits, open } from "./browser.mjs";

// A store that the demo's rules hold: over 5,000 in advance.
const large = "/stores/new?region=cn-north-4&cu=8xlarge&num=1&charge_mode=prePaid&period_type=month&period_num=1&note=needed&store_name=";

for (const { lang, theme, scripts } of [{ lang: "zh", theme: "dark", scripts: true }, { lang: "en", theme: "light", scripts: false }]) {
	test(`an order is decided on a phone, in ${lang} ${scripts ? "by keyboard" : "without scripts"}`, async (t) => {
		const requester = await open(t, { role: "requester", lang, scripts });
		const order = await place(requester);
		const approver = await open(t, { role: "approver", lang, theme, scripts, width: 390, height: 844 });
		await approver.goto(order);
		await fits(approver);
		if (scripts) await accessible(approver);
		// All that the decision needs is on the first screen, the buttons at its end.
		const button = approver.locator("#decision-form button.primary");
		const { y, height } = await button.boundingBox();
		assert.ok(y + height <= 844 && y > 700, `the button is at ${y}`);
		const bar = await approver.locator(".decide").boundingBox();
		for (const what of [".decision-figure", "#decision .steps"]) {
			const { y, height } = await approver.locator(what).boundingBox();
			assert.ok(y + height <= bar.y, `${what} ends at ${y + height}, below ${bar.y}`);
		}
		if (scripts) {
			await approver.locator("h1").click();
			await approver.keyboard.press("a");
			await approver.keyboard.press("Enter");
		} else {
			await button.click();
		}
		await approver.waitForURL(/\/approvals$/);
		await requester.goto("/notices");
		const notice = requester.locator(`#notice-list tbody a[href='${order}']`).first();
		await notice.waitFor();
		await fits(requester);
		if (scripts) {
			await accessible(requester);
			await notice.click();
			await requester.waitForURL(new RegExp(order));
			await requester.locator("#thread").waitFor();
		}
	});
}

for (const { lang, theme, scripts } of [{ lang: "zh", theme: "light", scripts: false }, { lang: "en", theme: "dark", scripts: true }]) {
	test(`an order that waits is edited on a phone, in ${lang} ${scripts ? "with" : "without"} scripts`, async (t) => {
		const requester = await open(t, { role: "requester", lang, scripts, width: 390, height: 844 });
		const order = await place(requester);
		await fits(requester);
		await requester.click("#decision a[href*='replaces=']");
		await requester.fill("[name=note]", "for two months");
		await requester.fill("[name=po_number]", "PO-2026-4711");
		await requester.selectOption("[name=period_num]", "2");
		await fits(requester);
		await requester.click("form[action^='/stores'] .form-actions button.primary");
		await requester.waitForURL(new RegExp(`${order}$`));
		const approver = await open(t, { role: "approver", lang, theme, scripts, width: 390, height: 844 });
		await approver.goto(order);
		await fits(approver);
		if (scripts) await accessible(approver);
		const rows = approver.locator("#decision .changes tbody tr");
		assert.ok((await rows.count()) >= 3, `${await rows.count()} rows of what changed`);
		// No figure is broken between two lines.
		const broken = await rows.evaluateAll((all) =>
			all.flatMap((r) => [...r.cells]).filter((c) => {
				const text = document.createRange();
				text.selectNodeContents(c);
				return /^\S*\d\S*$/.test(c.textContent) && text.getClientRects().length > 1;
			}).map((c) => c.textContent));
		assert.deepEqual(broken, []);
		assert.match(await approver.locator("#versions").textContent(), /needed/);
	});
}

// place orders something that an approver has to approve, and gives its page.
async function place(page) {
	await page.goto(large + `held-${Date.now().toString(36)}`);
	await page.click("form[action^='/stores'] .form-actions button.primary");
	await page.waitForURL(/\/orders\/\d+$/);
	return new URL(page.url()).pathname;
}

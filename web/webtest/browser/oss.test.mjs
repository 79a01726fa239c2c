// The vendor's own client of OSS for Node.js, unmodified but for its endpoint,
// signing by V1 and V4, with the bucket in the host and in the path.
import assert from "node:assert/strict";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import OSS from "ali-oss";

const { QUARTERMASTER_URL: url, QUARTERMASTER_ACCOUNTS: accounts, QUARTERMASTER_KEY: given } = process.env;
const folder = mkdtempSync(join(tmpdir(), "quartermaster-oss-"));
const file = join(folder, "file");
let key;

before(async () => {
	writeFileSync(file, "x".repeat(300_000));
	const [accessKeyId, accessKeySecret] = given?.split(":") ?? [];
	key = given ? { accessKeyId, accessKeySecret } : await newKey(JSON.parse(accounts).admin);
});
after(() => rmSync(folder, { recursive: true, force: true }));

// newKey signs in and makes an access key of the person's own by the form.
async function newKey({ email, password }) {
	const cookies = {};
	const send = async (path, form) => {
		const headers = { cookie: Object.entries(cookies).map((c) => c.join("=")).join("; ") };
		const resp = await fetch(new URL(path, url), { method: form ? "POST" : "GET", body: form && new URLSearchParams(form), headers, redirect: "manual" });
		for (const c of resp.headers.getSetCookie()) {
			const [name, value] = c.split(";")[0].split("=");
			cookies[name] = value;
		}
		const to = resp.headers.get("location");
		return to ? send(to) : resp.text();
	};
	await send("/sign-in", { email, password });
	const form = await send("/team/keys/new");
	const token = form.match(/name="token" value="([^"]+)"/)[1];
	const user = [...form.matchAll(/<option value="([^"]+)"[^>]*>([^<]*)/g)].find(([, , name]) => /admin|管理员/i.test(name))[1];
	const made = await send("/team/keys", { key_name: "node", key_user: user, days: "30", token });
	const [id, secret] = [...made.matchAll(/data-copy="([^"]+)"/g)].map((m) => m[1]);
	return { accessKeyId: id, accessKeySecret: secret };
}

for (const authorizationV4 of [false, true]) {
	for (const sldEnable of [false, true]) {
		const name = `node-${authorizationV4 ? "v4" : "v1"}-${sldEnable ? "path" : "host"}`;
		test(name, async () => {
			const c = new OSS({ ...key, endpoint: url, authorizationV4, sldEnable, region: "oss-cn-hangzhou", headerEncoding: "latin1" });
			const refused = (status, code, call) => assert.rejects(call, (err) => err.status === status && err.code === code && Boolean(err.requestId));
			await c.putBucket(name);
			await c.putBucket(name);
			assert((await c.listBuckets()).buckets.some((b) => b.name === name));
			c.useBucket(name);
			assert.equal((await c.getBucketInfo(name)).bucket.Name, name);
			assert.equal((await c.getBucketLocation(name)).location, "oss-cn-hangzhou");
			await c.putBucketACL(name, "private");
			assert.equal((await c.getBucketACL(name)).acl, "private");

			for (const object of ["a", "dir a/b+c%2F版.txt", "x//y", "*~!'()", "..a"]) {
				await c.put(object, Buffer.from(`hello ${object}`), { mime: "text/x-own", headers: { "x-oss-meta-one": "1" } });
				const got = await c.get(object);
				assert.equal(got.content.toString(), `hello ${object}`);
				assert.equal(got.res.headers["content-type"], "text/x-own");
				assert.equal((await c.head(object)).meta.one, "1");
			}
			assert.equal((await c.get("a", { headers: { Range: "bytes=0-3" } })).content.toString(), "hell");
			await c.putStream("stream", createReadStream(file));
			assert.equal((await c.head("stream")).res.headers["content-length"], "300000");
			await c.copy("copy 版", "a");
			await c.putMeta("copy 版", { two: "2" });
			assert.equal((await c.head("copy 版")).meta.two, "2");
			await c.putACL("a", "private");
			assert.equal((await c.getACL("a")).acl, "default");

			const first = await c.list({ prefix: "", "max-keys": 3 });
			assert.equal(first.objects.length, 3);
			const rest = await c.list({ prefix: "", delimiter: "/", marker: first.nextMarker, "max-keys": 100 });
			assert.deepEqual(rest.prefixes, ["dir a/", "x/"]);
			const page = await c.listV2({ prefix: "", "max-keys": 3 });
			assert.equal((await c.listV2({ prefix: "", "max-keys": 3, "continuation-token": page.nextContinuationToken })).keyCount, 3);

			assert((await c.multipartUpload("big", file, { partSize: 100 << 10 })).etag.endsWith('-3"'));
			assert.equal((await c.get("big")).content.length, 300_000);
			await c.multipartUploadCopy("big copy", { sourceKey: "big", sourceBucketName: name }, { partSize: 150 << 10 });
			const { uploadId } = await c.initMultipartUpload("unfinished");
			await c.uploadPart("unfinished", uploadId, 1, file, 0, 200_000);
			assert.equal((await c.listUploads({ "max-uploads": 10 })).uploads[0].uploadId, uploadId);
			assert.equal((await c.listParts("unfinished", uploadId)).uploadId, uploadId);
			await c.abortMultipartUpload("unfinished", uploadId);
			if (authorizationV4 && sldEnable) {
				const resp = await fetch(await c.signatureUrlV4("GET", 60, {}, "a"));
				assert.equal(await resp.text(), "hello a");
				assert.equal(resp.headers.get("content-disposition"), "attachment");
			}

			await refused(404, "NoSuchKey", () => c.get("none"));
			await refused(409, "BucketNotEmpty", () => c.deleteBucket(name));
			await refused(409, "FileAlreadyExists", () => c.put("a", Buffer.from("x"), { headers: { "x-oss-forbid-overwrite": "true" } }));
			await refused(501, "NotImplemented", () => c.getSymlink("a"));
			const all = (await c.list({ "max-keys": 1000 })).objects.map((o) => o.name);
			assert.equal((await c.deleteMulti(all)).deleted.length, all.length);
			await c.delete("never");
			await c.deleteBucket(name);
			await refused(404, "NoSuchBucket", () => c.getBucketInfo(name));
		});
	}
}

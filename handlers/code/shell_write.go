package code

import (
	"slices"
	"strings"

	"quartermaster/web/sign"
)

const signedBy = "Signed with openssl: "

// curlROA writes a request of Web+ with a V1 signature: an HMAC of the method,
// some headers and the decoded query.
func (w *writer) curlROA() {
	w.head("#", signedBy+"ROA V1, HMAC-SHA1.")
	target, resource := w.op.Path, w.op.Path
	if query := w.given(true); len(query) > 0 {
		target += "?" + encoded(query)
		var plain []string
		for _, p := range query {
			plain = append(plain, p.Name+"="+p.Value)
		}
		slices.Sort(plain)
		resource += "?" + strings.Join(plain, "&")
	}
	kind := ""
	body := encoded(w.given(false))
	if body != "" {
		kind = "application/x-www-form-urlencoded"
	}
	w.line("body=%s", shell(body))
	w.line("resource=%s", shell(resource))
	w.line(`date=$(LC_ALL=C date -u '+%%a, %%d %%b %%Y %%H:%%M:%%S GMT')`)
	w.line("nonce=$(openssl rand -hex 16)")
	w.line(`md5=$(printf %%s "$body" | openssl dgst -md5 -binary | openssl base64 -A)`)
	w.line(`tosign=$(printf '%%s\n' POST application/json "$md5" %s "$date" \`, shell(kind))
	w.line(`  x-acs-signature-method:HMAC-SHA1 "x-acs-signature-nonce:$nonce" \`)
	w.line(`  x-acs-signature-version:1.0 x-acs-version:%s "$resource")`, w.op.Product.Version)
	w.line(`signature=$(printf %%s "$tosign" | openssl dgst -sha1 -hmac "${%s:?}" -binary | openssl base64 -A)`, w.secret)
	w.line(`curl -sS -X POST %s \`, shell(w.base+target))
	w.line(`  -H 'Accept: application/json' -H "Date: $date" -H "Content-MD5: $md5" \`)
	if kind != "" {
		w.line(`  -H 'Content-Type: %s' \`, kind)
	}
	w.line(`  -H 'x-acs-signature-method: HMAC-SHA1' -H "x-acs-signature-nonce: $nonce" \`)
	w.line(`  -H 'x-acs-signature-version: 1.0' -H 'x-acs-version: %s' \`, w.op.Product.Version)
	end := ""
	if kind != "" {
		end = ` \`
	}
	w.line(`  -H "Authorization: acs ${%s:?}:$signature"%s`, w.id, end)
	if kind != "" {
		w.line(`  --data-raw "$body"`)
	}
}

// curlRPC writes a request of BSS with a V1 signature: all parameters in order,
// encoded, and encoded once more in what is signed.
func (w *writer) curlRPC() {
	w.head("#", signedBy+"RPC V1, HMAC-SHA1.")
	// These are the shell's to put in; what the form says never is.
	parts := []string{
		"AccessKeyId=${" + w.id + ":?}", "Action=" + w.op.Name, "Format=JSON", "SignatureMethod=HMAC-SHA1",
		"SignatureNonce=$nonce", "SignatureVersion=1.0", "Timestamp=$timestamp", "Version=" + w.op.Product.Version,
	}
	for _, p := range w.Params {
		parts = append(parts, p.Name+"="+sign.Escape(p.Value))
	}
	slices.Sort(parts)
	w.line("nonce=$(openssl rand -hex 16)")
	w.line("timestamp=$(date -u +%%Y-%%m-%%dT%%H%%%%3A%%M%%%%3A%%SZ)")
	w.line(`query="%s"`, strings.Join(parts, "&"))
	w.line(`tosign="POST&%%2F&$(printf %%s "$query" | sed 's/%%/%%25/g; s/&/%%26/g; s/=/%%3D/g')"`)
	w.line(`signature=$(printf %%s "$tosign" | openssl dgst -sha1 -hmac "${%s:?}&" -binary | openssl base64 -A)`, w.secret)
	w.line(`curl -sS -X POST %s \`, shell(w.base+"/"))
	w.line(`  --data-raw "$query" --data-urlencode "Signature=$signature"`)
}

// curlSDK writes a request for stores with an SDK-HMAC-SHA256 signature of
// its path, some headers and its body.
func (w *writer) curlSDK() {
	w.head("#", signedBy+"SDK-HMAC-SHA256.")
	w.line("body=%s", shell(w.tree(true).write(jsonStyle, "", "  ")))
	w.line("date=$(date -u +%%Y%%m%%dT%%H%%M%%SZ)")
	w.line("sha256() { openssl dgst -sha256 -hex \"$@\" | sed 's/^.* //'; }")
	w.line(`canonical=$(printf '%%s\n' POST %s/ '' \`, w.op.Path)
	w.line(`  content-type:application/json %s "x-sdk-date:$date" '' \`, shell("host:"+w.host))
	w.line(`  'content-type;host;x-sdk-date' "$(printf %%s "$body" | sha256)")`)
	w.line(`tosign=$(printf '%%s\n' SDK-HMAC-SHA256 "$date" "$(printf %%s "$canonical" | sha256)")`)
	w.line(`signature=$(printf %%s "$tosign" | sha256 -hmac "${%s:?}")`, w.secret)
	w.line(`curl -sS -X POST %s \`, shell(w.base+w.op.Path))
	w.line(`  -H 'Content-Type: application/json' -H "X-Sdk-Date: $date" \`)
	w.line(`  -H "Authorization: SDK-HMAC-SHA256 Access=${%s:?}, SignedHeaders=content-type;host;x-sdk-date, Signature=$signature" \`, w.id)
	w.line(`  --data-raw "$body"`)
}

// aliyun writes a command of the vendor's own tool. A value is joined to its
// name, so that one that begins with a hyphen is no option.
func (w *writer) aliyun() {
	w.head("#", "With the aliyun command line tool.")
	parts := []string{"aliyun", w.op.Product.CLI, w.op.Name}
	for _, p := range w.Params {
		if p.Name != "RegionId" {
			parts = append(parts, shell("--"+p.Name+"="+p.Value))
		}
	}
	parts = append(parts, "--region="+shell(w.region()), "--endpoint="+shell(w.host))
	if w.scheme == "http" {
		parts = append(parts, "--insecure")
	}
	w.command(parts, 3)
}

// hcloud writes a command of the other vendor's tool.
func (w *writer) hcloud() {
	w.head("#", "With the hcloud command line tool (KooCLI).")
	parts := []string{"hcloud", w.op.Product.CLI, w.op.Name}
	for _, p := range w.Params {
		parts = append(parts, shell("--"+p.Name+"="+p.Value))
	}
	parts = append(parts, "--cli-endpoint="+shell(w.base),
		`--cli-access-key="$`+w.id+`"`, `--cli-secret-key="$`+w.secret+`"`)
	w.command(parts, 3)
}

// command writes words as one command: the first few in a line, then one a
// line.
func (w *writer) command(words []string, first int) {
	w.line("%s", strings.Join(words[:first], " ")+" \\\n  "+strings.Join(words[first:], " \\\n  "))
}

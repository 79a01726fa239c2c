package code

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"quartermaster/handlers/api"
	"quartermaster/web/sign"
)

// Language is a way to write a request.
type Language string

// The languages.
const (
	Curl   Language = "curl"
	CLI    Language = "cli"
	Go     Language = "go"
	Python Language = "python"
	Java   Language = "java"
	Node   Language = "node"
	JSON   Language = "json"
)

// Languages are all languages, in the order they are shown.
var Languages = []Language{Curl, CLI, Go, Python, Java, Node, JSON}

// Known tells whether a request can be written in the language.
func (l Language) Known() bool { return slices.Contains(Languages, l) }

// Write is the request in a language, to be sent to the site at base. Secrets
// stand in it as names of the environment's variables. It is "" for a language
// or an operation that is not known.
func (r Request) Write(l Language, base string) string {
	w := newWriter(r, base)
	if w.op == nil {
		return ""
	}
	writers := map[Language]map[api.Style]func(*writer){
		Curl:   {api.ROA: (*writer).curlROA, api.RPC: (*writer).curlRPC, api.JSON: (*writer).curlSDK},
		CLI:    {api.ROA: (*writer).aliyun, api.RPC: (*writer).aliyun, api.JSON: (*writer).hcloud},
		Go:     {api.ROA: (*writer).goROA, api.RPC: (*writer).goRPC, api.JSON: (*writer).goSDK},
		Python: {api.ROA: (*writer).pythonROA, api.RPC: (*writer).pythonRPC, api.JSON: (*writer).pythonSDK},
		Java:   {api.ROA: (*writer).javaROA, api.RPC: (*writer).javaRPC, api.JSON: (*writer).javaSDK},
		Node:   {api.ROA: (*writer).nodeROA, api.RPC: (*writer).nodeRPC, api.JSON: (*writer).nodeSDK},
		JSON:   {api.ROA: (*writer).json, api.RPC: (*writer).json, api.JSON: (*writer).json},
	}
	if write := writers[l][w.op.Product.Style]; write != nil {
		write(w)
	}
	return w.String()
}

// The environment's variables in which the vendors' clients look for keys.
const (
	aliyunID, aliyunSecret = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
	huaweiID, huaweiSecret = "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK" // #nosec G101 -- names of variables of the environment
)

// defaultRegion stands where a client insists on a region and the request names
// none.
const defaultRegion = "cn-hangzhou"

// A writer writes one request.
type writer struct {
	strings.Builder
	Request
	// base is the site's address without a slash at the end, and its parts.
	base, scheme, host string
	id, secret         string
}

func newWriter(r Request, base string) *writer {
	w := &writer{Request: r, base: strings.TrimRight(base, "/"), id: aliyunID, secret: aliyunSecret}
	u, err := url.Parse(w.base)
	if err != nil || u.Host == "" {
		w.base = "https://quartermaster.example"
		u = &url.URL{Scheme: "https", Host: "quartermaster.example"}
	}
	w.scheme, w.host = u.Scheme, u.Host
	if w.op != nil && w.op.Product.Style == api.JSON {
		w.id, w.secret = huaweiID, huaweiSecret
	}
	return w
}

// line writes a line.
func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.Builder, format+"\n", args...) }

// head writes, as comments, what the code is, what it needs, and what of the
// form it has no place for.
func (w *writer) head(comment, needs string) {
	w.line("%s %s, %s %s", comment, w.op.Name, w.op.Product.Name, w.op.Product.Version)
	w.line("%s %s", comment, needs)
	w.line("%s The key is in %s and %s.", comment, w.id, w.secret)
	for _, p := range w.Left {
		w.line("%s Not part of this API: %s=%s", comment, p.Name, quote(p.Value))
	}
}

// region is the region of a client that insists on one.
func (w *writer) region() string {
	if v := w.Value("RegionId"); v != "" {
		return v
	}
	return defaultRegion
}

// given are the parameters in the query, or those in the body.
func (w *writer) given(query bool) []Param {
	var out []Param
	for _, p := range w.Params {
		if known := param(w.op, p.Name); known != nil && known.Query == query {
			out = append(out, p)
		}
	}
	return out
}

// encoded is parameters as a query or a form body, in their own order.
func encoded(params []Param) string {
	var parts []string
	for _, p := range params {
		parts = append(parts, sign.Escape(p.Name)+"="+sign.Escape(p.Value))
	}
	return strings.Join(parts, "&")
}

// json writes the parameters as one object. JSON has no comments, so whoever
// shows it says what is left.
func (w *writer) json() { w.line("%s", w.tree(true).write(jsonStyle, "", "  ")) }

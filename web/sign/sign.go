// Package sign checks and makes the signatures of the vendors' APIs. It has no
// database and no clock: the caller gives the secret and the time.
//
// One promise holds for all schemes: Params and the covered headers are exactly
// what was signed. A request that could be read in another way than it was
// signed is refused before anything is compared.
package sign

import (
	"crypto/hmac"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scheme is a way to sign a request.
type Scheme string

// The schemes, by the names that the documents give them.
const (
	ROA1  Scheme = "ROA V1"
	RPC1  Scheme = "RPC V1"
	ACS3  Scheme = "ACS3-HMAC-SHA256"
	SDK   Scheme = "SDK-HMAC-SHA256"
	Token Scheme = "X-Auth-Token" // #nosec G101 -- the name of a header
	OSS1  Scheme = "OSS V1"
	OSS4  Scheme = "OSS4-HMAC-SHA256"
)

// window is how far the clock of a signer may be from ours, either way.
const window = 15 * time.Minute

// Bounds on what an unknown caller may send.
const (
	maxParams = 1000
	maxName   = 512      // of an AccessKeyId, a nonce or a token
	maxForm   = 64 << 10 // of parameters in a body that are signed one by one, and grow to five times as much
)

// Reason says why a signature is refused.
type Reason string

// The reasons. The dialects have the documented code of each.
const (
	Absent     Reason = "absent"             // nothing in the request says who signed it
	Malformed  Reason = "malformed"          // it cannot be read, or can be read in two ways
	Missing    Reason = "incomplete"         // Detail is the parameter that is not there
	BadMethod  Reason = "unknown method"     // SignatureMethod is not HMAC-SHA1
	DateAbsent Reason = "without a date"     // Detail is where the date should be
	DateFormat Reason = "with a broken date" // Detail is the date
	Stale      Reason = "out of time"        // Detail is the date
	Expired    Reason = "expired"            // of a URL that was good until then
	HasToken   Reason = "by a temporary key" // of which there are none here
	BadDigest  Reason = "of another body"    // Content-MD5 is not that of the body
	Unsigned   Reason = "not of all headers" // Detail is a header that must be covered
	Mismatch   Reason = "wrong"              // Detail is our string to sign
)

// Error is why a signature is refused. Detail is for the caller alone: it may
// hold parts of the request, so it must not be logged.
type Error struct {
	Reason Reason
	Detail string
}

// Error leaves the detail out.
func (e *Error) Error() string { return "signature " + string(e.Reason) }

func refuse(reason Reason, detail string) error { return &Error{Reason: reason, Detail: detail} }

// Request is what signatures cover, as it arrived.
type Request struct {
	Method string
	Path   string // escaped, as sent
	Query  string // raw
	Host   string // with the port, as sent
	Length int64  // -1: not known
	Header http.Header
	Body   []byte
}

// From is the request of an HTTP server whose body was read.
func From(r *http.Request, body []byte) Request {
	return Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
		Host: r.Host, Length: r.ContentLength, Header: r.Header, Body: body,
	}
}

// Params are the parameters of the query and, where the Content-Type says so,
// of a form in the body. When a parameter is given twice, its first value
// counts, and the query comes first. A query or form that cannot be read has
// none.
func (r Request) Params() url.Values {
	params, _ := r.params()
	return params
}

func (r Request) params() (url.Values, bool) {
	params, form, ok := r.values()
	for name, values := range form {
		params[name] = append(params[name], values...)
	}
	return params, ok
}

// values are the parameters of query and form, and whether both could be read.
func (r Request) values() (query, form url.Values, ok bool) {
	query, ok = parse(r.Query)
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return query, nil, ok
	}
	form, readable := parse(string(r.Body))
	return query, form, ok && readable
}

// parse reads a query whole, or not at all.
func parse(query string) (url.Values, bool) {
	if strings.Count(query, "&") >= maxParams {
		return url.Values{}, false
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return url.Values{}, false
	}
	return values, true
}

// Field is the value of a header, by its name in lower case, as a signature covers
// it.
func (r Request) Field(name string) string { return r.field(name) }

// field is the value of a header as a signature covers it.
func (r Request) field(name string) string {
	switch {
	case name == "host":
		return r.Host
	case name == "content-length" && r.Length >= 0:
		return strconv.FormatInt(r.Length, 10)
	}
	if strings.HasPrefix(name, "x-oss-") {
		return r.ossHeader(name)
	}
	return strings.TrimSpace(r.Header.Get(name))
}

// Claim is what a request says about its signer, before it is believed.
type Claim struct {
	Scheme Scheme
	KeyID  string // "" for Token
	Token  string
	Nonce  string // "" where the scheme or the request has none
	At     time.Time

	request   Request
	params    url.Values // those that are covered by name
	headers   []string   // those that are covered, in the order signed
	date      string     // as sent
	signature string
	sum       string // of the body, once asked for

	// Resource is what a request to OSS is about.
	Resource Resource
	readings []Resource
	pairs    []pair    // of the query
	until    time.Time // how long a URL is good; zero for other requests
	scope    string    // of OSS4
}

// ROA is the claim of a request to Web+, which is signed by ROA V1 or ACS3.
func ROA(r Request) (*Claim, error) {
	authorization := r.Header.Get("Authorization")
	if authorization == "" {
		return nil, refuse(Absent, "Authorization")
	}
	if signed, ok := strings.CutPrefix(authorization, string(ACS3)+" "); ok {
		return acs3(r, signed)
	}
	signed, ok := strings.CutPrefix(authorization, "acs ")
	if !ok {
		return nil, refuse(Malformed, "Authorization")
	}
	return roa1(r, signed)
}

// RPC is the claim of a request to BSS, which is signed by RPC V1 or ACS3.
func RPC(r Request) (*Claim, error) {
	if signed, ok := strings.CutPrefix(r.Header.Get("Authorization"), string(ACS3)+" "); ok {
		return acs3(r, signed)
	}
	if r.Header.Get("X-Acs-Action") != "" && r.Params().Get("Signature") == "" {
		return nil, refuse(Absent, "Authorization")
	}
	return rpc1(r)
}

// Huawei is the claim of a request to the stores. When there is a token, it
// alone decides, and a signature beside it is ignored.
func Huawei(r Request) (*Claim, error) {
	if tokens, ok := r.Header["X-Auth-Token"]; ok {
		if len(tokens) != 1 || !plain(tokens[0]) {
			return nil, refuse(Malformed, "X-Auth-Token")
		}
		return &Claim{Scheme: Token, Token: tokens[0], request: r}, nil
	}
	authorization := r.Header.Get("Authorization")
	if authorization == "" {
		return nil, refuse(Absent, "Authorization")
	}
	signed, ok := strings.CutPrefix(authorization, string(SDK)+" ")
	if !ok {
		return nil, refuse(Malformed, "Authorization")
	}
	return sdk(r, signed)
}

// Fresh refuses a date that cannot be read or is outside the window around now.
func (c *Claim) Fresh(now time.Time) error {
	switch {
	case c.Scheme == Token:
		return nil
	case c.Expires():
		return c.freshURL(now)
	case c.At.IsZero():
		return refuse(DateFormat, c.date)
	case c.At.Before(now.Add(-window)), c.At.After(now.Add(window)):
		return refuse(Stale, c.date)
	}
	return nil
}

// Intact refuses a body that is not the one whose digest was sent. ROA V1 does
// not cover a body without a digest.
func (c *Claim) Intact() error {
	header := c.request.Header
	switch c.Scheme {
	case ROA1:
		if sent := header.Get("Content-Md5"); sent != "" && sent != md5Sum(c.request.Body) {
			return refuse(BadDigest, "Content-MD5")
		}
	case ACS3:
		if header.Get("X-Acs-Content-Sha256") != c.bodySum() {
			return refuse(Mismatch, c.StringToSign())
		}
	case SDK:
		if sent := header.Get("X-Sdk-Content-Sha256"); sent != "" && sent != c.bodySum() {
			return refuse(Mismatch, c.StringToSign())
		}
	}
	return nil
}

// CoversBody tells whether the signature also covers the body. That of ROA V1
// does not when no digest was sent, and a proxy could then replace the body.
func (c *Claim) CoversBody() bool {
	return c.Scheme != Token && !c.isOSS() && (c.Scheme != ROA1 || c.request.Header.Get("Content-Md5") != "")
}

// Verify refuses a signature that was not made of this request with this
// secret. It takes the same time for every wrong one. A token is not signed, so
// it never passes.
func (c *Claim) Verify(secret string) error {
	if c.isOSS() {
		return c.verifyOSS(secret)
	}
	for _, text := range c.Spellings() {
		if c.SignedAs(text, secret) {
			return nil
		}
	}
	return refuse(Mismatch, c.StringToSign())
}

// Signature is the signature that the request came with.
func (c *Claim) Signature() string { return c.signature }

// SignedAs reports whether the signature is that of a text with a secret. It
// only explains what a signer did; only Verify accepts a request.
func (c *Claim) SignedAs(text, secret string) bool {
	return secret != "" && c.Scheme != Token && hmac.Equal([]byte(c.digest(secret, text)), []byte(c.signature))
}

// SignedForHost reports whether the signature is that of the same request for
// another host, as it is after a proxy has changed the Host header. It explains
// a refusal and never accepts a request: only Verify does. It is false for
// signatures that do not cover the host.
func (c *Claim) SignedForHost(host, secret string) bool {
	if host == "" || host == c.request.Host || !slices.Contains(c.headers, "host") {
		return false
	}
	other := *c
	other.request.Host = host
	return other.SignedAs(other.StringToSign(), secret)
}

// check refuses a request that can be read in another way than it is signed,
// because a header was sent twice, and names that no key, nonce or token can
// have.
func (c *Claim) check() error {
	for name, values := range c.request.Header {
		if len(values) > 1 && c.relies(strings.ToLower(name)) {
			return refuse(Malformed, name)
		}
	}
	switch {
	case !plain(c.KeyID):
		return refuse(Malformed, "AccessKeyId")
	case c.Nonce != "" && !plain(c.Nonce):
		return refuse(Malformed, "SignatureNonce")
	}
	return nil
}

// relies reports whether a header decides what a request means or who sent it.
func (c *Claim) relies(name string) bool {
	switch name {
	case "authorization", "accept", "content-md5", "content-type", "date":
		return true
	}
	return strings.HasPrefix(name, "x-acs-") || strings.HasPrefix(name, "x-sdk-") || slices.Contains(c.headers, name)
}

// plain reports whether s can be the name of something: printable ASCII, not
// empty, and no longer than any is.
func plain(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// readTime reads a date of exactly that layout; anything else is zero.
func readTime(layout, s string) time.Time {
	t, err := time.Parse(layout, s)
	if err != nil || t.Format(layout) != s {
		return time.Time{}
	}
	return t
}

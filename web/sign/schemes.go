package sign

import (
	"crypto/hmac"
	"crypto/md5"  // #nosec G501 -- what the documented signatures are made with
	"crypto/sha1" // #nosec G505 -- what the documented signatures are made with
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The layouts of the schemes' dates.
const (
	isoTime  = "2006-01-02T15:04:05Z"
	sdkTime  = "20060102T150405Z"
	httpTime = http.TimeFormat
)

const hmacSHA1 = "HMAC-SHA1"

// roa1 reads "AK:SIGNATURE".
func roa1(r Request, signed string) (*Claim, error) {
	c := &Claim{Scheme: ROA1, request: r, Nonce: r.field("x-acs-signature-nonce"), date: r.field("date")}
	var ok bool
	if c.KeyID, c.signature, ok = strings.Cut(signed, ":"); !ok || c.signature == "" {
		return nil, refuse(Malformed, "Authorization")
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.params, _, ok = r.values(); !ok || !separable(c.params) {
		return nil, refuse(Malformed, "query")
	}
	if method := r.field("x-acs-signature-method"); method != "" && method != hmacSHA1 {
		return nil, refuse(BadMethod, "x-acs-signature-method")
	}
	if c.date == "" {
		return nil, refuse(DateAbsent, "Date")
	}
	c.At = readTime(httpTime, c.date)
	return c, nil
}

// separable reports whether a query follows from its decoded form, which is
// what ROA V1 signs: a=1&b=2 is two parameters there, or one whose value holds
// an &. Only the reading with the most parameters is accepted, so that a signed
// request cannot be sent again with another meaning.
func separable(query url.Values) bool {
	for name, values := range query {
		if strings.ContainsAny(name, "&=") {
			return false
		}
		for _, value := range values {
			pieces := strings.Split(value, "&")
			for _, piece := range pieces[1:] {
				// Parameters are sorted, so what sorts before cannot be one.
				if next, _, _ := strings.Cut(piece, "="); next >= name {
					return false
				}
			}
		}
	}
	return true
}

// rpc1 reads the protocol parameters.
func rpc1(r Request) (*Claim, error) {
	if len(r.Body) > maxForm {
		return nil, refuse(Malformed, "form")
	}
	params, ok := r.params()
	if !ok || len(params["Signature"]) > 1 {
		return nil, refuse(Malformed, "query")
	}
	for _, name := range []string{"AccessKeyId", "Signature", "SignatureNonce", "Timestamp"} {
		if params.Get(name) == "" {
			return nil, refuse(Missing, name)
		}
	}
	if method := params.Get("SignatureMethod"); method != "" && method != hmacSHA1 {
		return nil, refuse(BadMethod, "SignatureMethod")
	}
	c := &Claim{
		Scheme: RPC1, request: r, params: params, signature: params.Get("Signature"),
		KeyID: params.Get("AccessKeyId"), Nonce: params.Get("SignatureNonce"), date: params.Get("Timestamp"),
	}
	delete(c.params, "Signature")
	if err := c.check(); err != nil {
		return nil, err
	}
	c.At = readTime(isoTime, c.date)
	return c, nil
}

// acs3 reads "Credential=AK,SignedHeaders=a;b,Signature=HEX".
func acs3(r Request, signed string) (*Claim, error) {
	c := &Claim{Scheme: ACS3, request: r, Nonce: r.field("x-acs-signature-nonce"), date: r.field("x-acs-date")}
	if err := c.read("Credential", signed); err != nil {
		return nil, err
	}
	switch {
	case c.Nonce == "":
		return nil, refuse(Missing, "SignatureNonce")
	case c.date == "":
		return nil, refuse(DateAbsent, "x-acs-date")
	case r.field("x-acs-content-sha256") == "":
		return nil, refuse(Malformed, "x-acs-content-sha256")
	}
	for _, name := range required(r) {
		if !slices.Contains(c.headers, name) {
			return nil, refuse(Unsigned, name)
		}
	}
	c.At = readTime(isoTime, c.date)
	return c, nil
}

// required are the headers of a request that ACS3 must cover, sorted. Without
// them somebody could add another x-acs-action to a signed request.
func required(r Request) []string {
	names := []string{"host"}
	for name := range r.Header {
		name = strings.ToLower(name)
		if name == "content-type" || strings.HasPrefix(name, "x-acs-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// sdk reads "Access=AK, SignedHeaders=a;b, Signature=HEX".
func sdk(r Request, signed string) (*Claim, error) {
	c := &Claim{Scheme: SDK, request: r, date: r.field("x-sdk-date")}
	if err := c.read("Access", signed); err != nil {
		return nil, err
	}
	switch {
	case c.date == "":
		return nil, refuse(DateAbsent, "x-sdk-date")
	case !slices.Contains(c.headers, "x-sdk-date"):
		return nil, refuse(Unsigned, "x-sdk-date")
	}
	c.At = readTime(sdkTime, c.date)
	return c, nil
}

// read takes the fields after the name of an algorithm, and what the schemes
// with SHA-256 have in common.
func (c *Claim) read(credential, signed string) error {
	var headers string
	fields := map[string]*string{credential: &c.KeyID, "SignedHeaders": &headers, "Signature": &c.signature}
	for part := range strings.SplitSeq(signed, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		field := fields[name]
		if field == nil || *field != "" || value == "" {
			return refuse(Malformed, "Authorization")
		}
		*field = value
	}
	c.headers = strings.Split(headers, ";")
	// A header that is listed many times would make a short request produce a
	// long text.
	listed := slices.Compact(slices.Sorted(slices.Values(c.headers)))
	if c.signature == "" || len(listed) < len(c.headers) || listed[0] == "" || headers != strings.ToLower(headers) {
		return refuse(Malformed, "Authorization")
	}
	if err := c.check(); err != nil {
		return err
	}
	var ok bool
	if c.params, _, ok = c.request.values(); !ok {
		return refuse(Malformed, "query")
	}
	for _, values := range c.params {
		// These schemes sort the values of a repeated name, so the first one is
		// not signed as such.
		if !slices.IsSorted(values) {
			return refuse(Malformed, "query")
		}
	}
	if _, ok := encPath(c.request.Path); !ok {
		return refuse(Malformed, "path")
	}
	return nil
}

// StringToSign is the text that the signature is made of. ROA V1 has a second
// spelling of empty values, which Verify accepts as well.
func (c *Claim) StringToSign() string {
	switch c.Scheme {
	case ROA1:
		return c.roaString("")
	case RPC1:
		return c.request.Method + "&%2F&" + Escape(canonicalQuery(c.params))
	case ACS3, SDK:
		return c.Hashed(c.Canonical())
	case OSS1, OSS4:
		return c.ossString(c.Resource, false)
	}
	return ""
}

// Hashed is the text that a signature with SHA-256 is made of, for a canonical
// request.
func (c *Claim) Hashed(canonical string) string {
	date := ""
	switch c.Scheme {
	case SDK:
		date = c.date + "\n"
	case OSS4:
		date = c.date + "\n" + c.scope + "\n"
	}
	return string(c.Scheme) + "\n" + date + SHA256([]byte(canonical))
}

// Spellings are the texts that the signature may be made of.
func (c *Claim) Spellings() []string {
	texts := []string{c.StringToSign()}
	if c.isOSS() {
		texts = nil
		for text := range c.ossSpellings() {
			texts = append(texts, text)
		}
	}
	if c.Scheme == ROA1 {
		// One official client signs "name=" where another signs "name".
		if text := c.roaString("="); text != texts[0] {
			texts = append(texts, text)
		}
	}
	return texts
}

// roaString is the string to sign of ROA V1, in which empty follows the name of
// a parameter without a value.
func (c *Claim) roaString(empty string) string {
	r := c.request
	var b strings.Builder
	for _, line := range []string{r.Method, r.field("accept"), r.field("content-md5"), r.field("content-type"), r.field("date")} {
		b.WriteString(line + "\n")
	}
	var names []string
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-acs-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString(name + ":" + r.field(name) + "\n")
	}
	b.WriteString(r.Path)
	before := "?"
	for _, name := range slices.Sorted(maps.Keys(c.params)) {
		for _, value := range c.params[name] {
			b.WriteString(before + name)
			if value == "" {
				b.WriteString(empty)
			} else {
				b.WriteString("=" + value)
			}
			before = "&"
		}
	}
	return b.String()
}

// Canonical is what the schemes with SHA-256 make of the whole request before
// they hash it, and "" for the others.
func (c *Claim) Canonical() string {
	r := c.request
	path, _ := encPath(r.Path)
	switch c.Scheme {
	case OSS4:
		return c.oss4Canonical(c.Resource, false)
	case ACS3:
	case SDK:
		// It is signed with a slash at the end, which is not sent.
		if !strings.HasSuffix(path, "/") {
			path += "/"
		}
	default:
		return ""
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n" + path + "\n" + canonicalQuery(c.params) + "\n")
	for _, name := range c.headers {
		b.WriteString(name + ":" + r.field(name) + "\n")
	}
	b.WriteString("\n" + strings.Join(c.headers, ";") + "\n" + c.bodySum())
	return b.String()
}

// digest is the signature of a text as the scheme writes it.
func (c *Claim) digest(secret, text string) string {
	switch c.Scheme {
	case OSS1, OSS4:
		return c.ossDigest(secret, text)
	case ROA1:
		return base64.StdEncoding.EncodeToString(mac(sha1.New, secret, text))
	case RPC1:
		return base64.StdEncoding.EncodeToString(mac(sha1.New, secret+"&", text))
	}
	return hex.EncodeToString(mac(sha256.New, secret, text))
}

func mac(hash func() hash.Hash, secret, text string) []byte {
	m := hmac.New(hash, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// bodySum is the SHA-256 of the body that arrived.
func (c *Claim) bodySum() string {
	if c.sum == "" {
		c.sum = SHA256(c.request.Body)
	}
	return c.sum
}

// SHA256 is the digest of a body or text, in hexadecimal.
func SHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func md5Sum(b []byte) string {
	sum := md5.Sum(b) // #nosec G401 -- Content-MD5, as documented
	return base64.StdEncoding.EncodeToString(sum[:])
}

// canonicalQuery is Escape(name)=Escape(value), sorted by name, the values of one
// name as they stand.
func canonicalQuery(params url.Values) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		key := Escape(name)
		for _, value := range params[name] {
			if b.Len() > 0 {
				b.WriteByte('&')
			}
			b.WriteString(key + "=" + Escape(value))
		}
	}
	return b.String()
}

// Escape is a text as signatures have it: escaped but for letters, figures and
// - _ . ~, which is what url does but for the space.
func Escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// encPath escapes each segment of an escaped path again, as the schemes do.
func encPath(path string) (string, bool) {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return "", false
		}
		segments[i] = Escape(plain)
	}
	return strings.Join(segments, "/"), true
}

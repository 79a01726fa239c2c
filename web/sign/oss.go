package sign

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- what the documented signatures are made with
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// unsigned is the one digest of a body that OSS takes: its signatures do not
// cover bodies.
const unsigned = "UNSIGNED-PAYLOAD"

// What ends the scope of a signature by OSS4, and how long a URL may be good.
const (
	oss4Scope   = "/oss/aliyun_v4_request"
	longestLife = 7 * 24 * time.Hour
)

// Resource is what a request to OSS is about: a bucket, "" for all of them, and
// a key in it, "" for the bucket itself. Both are decoded.
type Resource struct{ Bucket, Key string }

// path is the resource as signatures have it.
func (r Resource) path() string {
	if r == (Resource{}) {
		return "/"
	}
	return "/" + r.Bucket + "/" + r.Key
}

// vendorHost is a host of the vendor's that has the name of a bucket.
var vendorHost = regexp.MustCompile(`^([^.]*)\.(?:oss-)?([a-z]+(?:-[a-z0-9]+)+)\.aliyuncs\.com$`)

// Resources are the readings of a request's address, the likeliest first: the
// bucket in the host, where the host has that form, and the bucket in the path.
// Buckets also stand before domain unless it is "". ok is false when the path
// cannot be decoded.
func (r Request) Resources(domain string) (readings []Resource, ok bool) {
	path, key, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
	bucket, err := url.PathUnescape(path)
	if err != nil {
		return nil, false
	}
	if key, err = url.PathUnescape(key); err != nil {
		return nil, false
	}
	if name := r.hostBucket(domain); name != "" {
		whole, err := url.PathUnescape(strings.TrimPrefix(r.Path, "/"))
		if err != nil {
			return nil, false
		}
		readings = append(readings, Resource{name, whole})
	}
	return append(readings, Resource{bucket, key}), true
}

// plainHost is a host in lower case without its port.
func plainHost(host string) string {
	host = strings.ToLower(host)
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	return host
}

// below is the name directly below a domain that a host is, or "".
func below(host, domain string) string {
	if name, found := strings.CutSuffix(host, "."+strings.ToLower(domain)); found && domain != "" && !strings.Contains(name, ".") {
		return name
	}
	return ""
}

// OSSHost tells whether a host is a bucket's and nothing else's: one of the vendor's,
// or below the domain.
func OSSHost(host, domain string) bool {
	host = plainHost(host)
	m := vendorHost.FindStringSubmatch(host)
	return m != nil && m[1] != "" && strings.HasPrefix(host, m[1]+".oss-") || below(host, domain) != ""
}

// OSSRegion is the region that a host of the vendor's names, or "".
func OSSRegion(host string) string {
	if m := vendorHost.FindStringSubmatch(plainHost(host)); m != nil {
		return strings.TrimSuffix(m[2], "-internal")
	}
	return ""
}

// hostBucket is the bucket that the host names, or "".
func (r Request) hostBucket(domain string) string {
	host := plainHost(r.Host)
	if m := vendorHost.FindStringSubmatch(host); m != nil {
		return m[1]
	}
	if name := below(host, "localhost"); name != "" {
		return name
	}
	return below(host, domain)
}

// OSSSigned tells whether a request carries one of the signs of OSS, whatever it
// is worth: then it is a request to OSS and to nothing else.
func OSSSigned(header http.Header, query string) bool {
	authorization, url := ossSigns(header, query)
	return authorization != "" || url != ""
}

// IsOSS tells whether a request has a sign of OSS, in its header or its query.
func (r Request) IsOSS() bool {
	header, inURL := ossSigns(r.Header, r.Query)
	return header+inURL != ""
}

// ossSigns are the schemes that the header and the query of a request name, ""
// where they name none of OSS.
func ossSigns(header http.Header, query string) (authorization, inURL string) {
	for _, value := range header["Authorization"] {
		scheme, _, _ := strings.Cut(value, " ")
		if scheme == "OSS" || scheme == "OSS2" || scheme == string(OSS4) {
			authorization = scheme
		}
	}
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, value = unescaped(name), unescaped(value)
		switch {
		case name == "OSSAccessKeyId":
			inURL = "OSS"
		case name == "x-oss-signature-version" && (value == "OSS2" || value == string(OSS4)):
			return authorization, value
		}
	}
	return authorization, inURL
}

// unescaped is a part of a query, or the part as it stands when it cannot be
// decoded.
func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// OSS is the claim of a request to OSS, which is signed in the header or in the
// URL, by V1 or V4. domain is as for Resources. Resource is the first reading
// until Verify has found which is meant.
func OSS(r Request, domain string) (*Claim, error) {
	c := &Claim{request: r}
	readings, ok := r.Resources(domain)
	if !ok {
		return nil, refuse(Malformed, "path")
	}
	c.readings, c.Resource = readings, readings[0]
	if c.pairs, ok = readPairs(r.Query); !ok {
		return nil, refuse(Malformed, "query")
	}
	header, inURL := ossSigns(r.Header, r.Query)
	read := map[[2]string]func(*Claim) error{
		{"OSS", ""}: (*Claim).oss1, {string(OSS4), ""}: (*Claim).oss4,
		{"", "OSS"}: (*Claim).oss1URL, {"", string(OSS4)}: (*Claim).oss4URL,
		{"", ""}: func(*Claim) error { return refuse(Absent, "Authorization") },
	}[[2]string{header, inURL}]
	if read == nil { // V2, which no client uses unasked, or two signs at once
		return nil, refuse(Malformed, "Authorization")
	}
	if err := read(c); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, nil
}

// Expires tells whether the signature stands in the URL, which is then good for
// everybody until it expires.
func (c *Claim) Expires() bool { return !c.until.IsZero() }

// Readings are what a request to OSS may be about, the likeliest first.
func (c *Claim) Readings() []Resource { return c.readings }

// InHost tells whether the bucket of Resource stands in the host.
func (c *Claim) InHost() bool { return len(c.readings) > 1 && c.Resource == c.readings[0] }

// Region is the region that the signature names; V1 of OSS names none.
func (c *Claim) Region() string {
	_, region, _ := strings.Cut(strings.TrimSuffix(c.scope, oss4Scope), "/")
	return region
}

// oss1 reads "AK:SIGNATURE".
func (c *Claim) oss1() error {
	c.Scheme = OSS1
	signed := strings.TrimPrefix(c.request.Header.Get("Authorization"), "OSS ")
	var ok bool
	if c.KeyID, c.signature, ok = strings.Cut(signed, ":"); !ok || c.signature == "" || !c.separable() {
		return refuse(Malformed, "Authorization")
	}
	return c.dated("x-oss-date", "date")
}

// oss1URL reads the parameters of a URL that is signed by V1.
func (c *Claim) oss1URL() error {
	c.Scheme = OSS1
	c.KeyID, c.signature, c.date = c.value("OSSAccessKeyId"), c.value("Signature"), c.value("Expires")
	for _, name := range []string{"OSSAccessKeyId", "Signature", "Expires"} {
		if c.value(name) == "" {
			return refuse(Missing, name)
		}
	}
	seconds, err := strconv.ParseUint(c.date, 10, 40)
	if err != nil {
		return refuse(DateFormat, c.date)
	}
	if !c.separable() {
		return refuse(Malformed, "query")
	}
	c.until = time.Unix(int64(seconds), 0) // #nosec G115 -- it has 40 bits
	return c.tokenless("security-token")
}

// oss4 reads "Credential=AK/SCOPE,AdditionalHeaders=a;b,Signature=HEX", in any
// order.
func (c *Claim) oss4() error {
	c.Scheme = OSS4
	var credential, headers string
	fields := map[string]*string{"Credential": &credential, "AdditionalHeaders": &headers, "Signature": &c.signature}
	for part := range strings.SplitSeq(strings.TrimPrefix(c.request.Header.Get("Authorization"), string(OSS4)+" "), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		field := fields[name]
		if field == nil || *field != "" || value == "" && name != "AdditionalHeaders" {
			return refuse(Malformed, "Authorization")
		}
		*field = value
	}
	if c.signature == "" || !c.addition(headers) {
		return refuse(Malformed, "Authorization")
	}
	if c.request.field("x-oss-content-sha256") != unsigned {
		return refuse(Malformed, "x-oss-content-sha256")
	}
	if err := c.dated("x-oss-date", "date"); err != nil {
		return err
	}
	return c.scoped(credential, "Authorization")
}

// oss4URL reads the parameters of a URL that is signed by V4.
func (c *Claim) oss4URL() error {
	c.Scheme = OSS4
	c.signature, c.date = c.value("x-oss-signature"), c.value("x-oss-date")
	for _, name := range []string{"x-oss-credential", "x-oss-date", "x-oss-expires", "x-oss-signature"} {
		if c.value(name) == "" {
			return refuse(Malformed, name)
		}
	}
	if !c.addition(c.value("x-oss-additional-headers")) {
		return refuse(Malformed, "x-oss-additional-headers")
	}
	if sum := c.request.field("x-oss-content-sha256"); sum != "" && sum != unsigned {
		return refuse(Malformed, "x-oss-content-sha256")
	}
	life, err := strconv.ParseUint(c.value("x-oss-expires"), 10, 32)
	if err != nil || life < 1 || life > uint64(longestLife/time.Second) {
		return refuse(Malformed, "x-oss-expires")
	}
	if c.At = readTime(sdkTime, c.date); c.At.IsZero() {
		return refuse(DateFormat, c.date)
	}
	c.until = c.At.Add(time.Duration(life) * time.Second) // #nosec G115 -- it has 32 bits
	if err := c.tokenless("x-oss-security-token"); err != nil {
		return err
	}
	return c.scoped(c.value("x-oss-credential"), "x-oss-credential")
}

// dated takes the date from the first header that is there.
func (c *Claim) dated(names ...string) error {
	for _, name := range names {
		if c.date = c.request.field(name); c.date != "" {
			break
		}
	}
	if c.date == "" {
		return refuse(DateAbsent, "Date")
	}
	c.At = readTime(httpTime, c.date)
	if c.At.IsZero() && c.Scheme == OSS4 {
		c.At = readTime(sdkTime, c.date)
	}
	if c.At.IsZero() {
		return refuse(DateFormat, c.date)
	}
	return c.tokenless("")
}

// tokenless refuses a request with a token of a temporary key, of which there
// are none here.
func (c *Claim) tokenless(parameter string) error {
	_, given := c.request.Header["X-Oss-Security-Token"]
	if given || parameter != "" && slices.ContainsFunc(c.pairs, func(p pair) bool { return p.name == parameter }) {
		return refuse(HasToken, "x-oss-security-token")
	}
	return nil
}

// addition takes the names of the headers that are signed in addition.
func (c *Claim) addition(names string) bool {
	if names == "" {
		return true
	}
	c.headers = strings.Split(names, ";")
	return names == strings.ToLower(names) && c.headers[0] != "" && slices.IsSorted(c.headers) &&
		len(slices.Compact(slices.Clone(c.headers))) == len(c.headers)
}

var region = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// scoped takes the key and the scope of a signature, which is of the day of its
// date.
func (c *Claim) scoped(credential, where string) error {
	var ok bool
	c.KeyID, c.scope, ok = strings.Cut(credential, "/")
	if !ok || !strings.HasSuffix(c.scope, oss4Scope) || !strings.HasPrefix(c.scope, c.At.UTC().Format("20060102")+"/") || !region.MatchString(c.Region()) {
		return refuse(Malformed, where)
	}
	return nil
}

// A pair is a parameter of a query; equals tells whether it was sent with "=".
type pair struct {
	name, value string
	equals      bool
}

// readPairs reads a query whole, sorted by the names as they are signed, or not
// at all. One that is given twice could be read in two ways.
func readPairs(query string) ([]pair, bool) {
	if strings.Count(query, "&") >= maxParams {
		return nil, false
	}
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, equals := strings.Cut(part, "=")
		p := pair{equals: equals}
		var errs [2]error
		p.name, errs[0] = url.QueryUnescape(name)
		p.value, errs[1] = url.QueryUnescape(value)
		if errs[0] != nil || errs[1] != nil {
			return nil, false
		}
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	twice := slices.CompactFunc(slices.Clone(pairs), func(a, b pair) bool { return a.name == b.name })
	return pairs, len(twice) == len(pairs)
}

// value is the value of a parameter, "" when it is not given.
func (c *Claim) value(name string) string {
	for _, p := range c.pairs {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// OSSParams are the parameters of a query by their names: none, when it cannot be
// read whole, which is no claim of OSS either.
func OSSParams(query string) map[string]string {
	pairs, _ := readPairs(query)
	out := make(map[string]string, len(pairs))
	for _, p := range pairs {
		out[p.name] = p.value
	}
	return out
}

// oss1Signed are the parameters that V1 covers, beside all that begin with
// x-oss-.
var oss1Signed = func() map[string]bool {
	names := map[string]bool{}
	for _, name := range strings.Fields(`acl append asyncFetch bucketInfo callback callback-var cname comp continuation-token cors delete
		encryption endTime img inventory inventoryId lifecycle live location logging metaQuery objectMeta partNumber policy position qos
		qosInfo referer regionList replication replicationLocation replicationProgress requestPayment resourceGroup
		response-cache-control response-content-disposition response-content-encoding response-content-language response-content-type
		response-expires restore security-token sequential startTime stat status style styleName symlink tagging transferAcceleration
		uploadId uploads versionId versioning versions vod website worm wormExtend wormId`) {
		names[name] = true
	}
	return names
}()

func inOSS1(name string) bool { return oss1Signed[name] || strings.HasPrefix(name, "x-oss-") }

// separable tells whether the parameters follow from the text that V1 makes of
// them: a=1&b=2 is two parameters there, or one whose value holds an &. As with
// ROA V1, only the reading with the most parameters is accepted. Between a key
// and its parameters the scheme itself leaves the same doubt: it cannot tell the
// key "k?acl" from the key "k" with the parameter acl.
func (c *Claim) separable() bool {
	for _, p := range c.pairs {
		if !inOSS1(p.name) {
			continue
		}
		for _, piece := range strings.Split(p.value, "&")[1:] {
			if next, _, _ := strings.Cut(piece, "="); next > p.name && inOSS1(next) {
				return false
			}
		}
	}
	return true
}

// ossHeaders are the names of the headers that begin with x-oss-, and of the
// others that are named, sorted and each once.
func (c *Claim) ossHeaders(more ...string) []string {
	names := more
	for name := range c.request.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-oss-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// writeHeaders writes headers as both versions sign them.
func (c *Claim) writeHeaders(b *strings.Builder, names []string) {
	for _, name := range names {
		b.WriteString(name + ":" + c.request.field(name) + "\n")
	}
}

// oss1String is the string to sign of V1. A parameter without a value is signed
// by its name, or, with equals, with the "=" that it was sent with.
func (c *Claim) oss1String(about Resource, equals bool) string {
	r := c.request
	var b strings.Builder
	for _, line := range []string{r.Method, r.field("content-md5"), r.field("content-type"), c.date} {
		b.WriteString(line + "\n")
	}
	c.writeHeaders(&b, c.ossHeaders())
	b.WriteString(about.path())
	before := "?"
	for _, p := range c.pairs {
		if !inOSS1(p.name) {
			continue
		}
		b.WriteString(before + p.name)
		if p.value != "" || equals && p.equals {
			b.WriteString("=" + p.value)
		}
		before = "&"
	}
	return b.String()
}

// oss4Canonical is what V4 makes of the whole request before it is hashed.
func (c *Claim) oss4Canonical(about Resource, equals bool) string {
	var b strings.Builder
	b.WriteString(c.request.Method + "\n" + strings.ReplaceAll(Escape(about.path()), "%2F", "/") + "\n")
	type written struct{ name, text string }
	var params []written
	for _, p := range c.pairs {
		if p.name == "x-oss-signature" && c.Expires() {
			continue
		}
		text := Escape(p.name)
		if p.value != "" || equals && p.equals {
			text += "=" + Escape(p.value)
		}
		params = append(params, written{Escape(p.name), text})
	}
	slices.SortFunc(params, func(a, b written) int { return strings.Compare(a.name, b.name) })
	for i, p := range params {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.text)
	}
	b.WriteByte('\n')
	names := slices.Clone(c.headers)
	for _, name := range []string{"content-type", "content-md5"} {
		if c.request.has(name) {
			names = append(names, name)
		}
	}
	c.writeHeaders(&b, c.ossHeaders(names...))
	sum := c.request.field("x-oss-content-sha256")
	if sum == "" {
		sum = unsigned
	}
	b.WriteString("\n" + strings.Join(c.headers, ";") + "\n" + sum)
	return b.String()
}

// has tells whether a header arrived.
func (r Request) has(name string) bool {
	_, given := r.Header[http.CanonicalHeaderKey(name)]
	return given || name == "host" || name == "content-length" && r.Length >= 0
}

// complete tells whether all the headers arrived that are said to be signed.
func (c *Claim) complete() bool {
	return !c.isOSS() || !slices.ContainsFunc(c.headers, func(name string) bool { return !c.request.has(name) })
}

func (c *Claim) isOSS() bool { return c.Scheme == OSS1 || c.Scheme == OSS4 }

// ossSpellings are the texts that the signature may be made of, with what each is
// about: the readings of the address, each with the two ways in which official
// clients sign a parameter without a value.
func (c *Claim) ossSpellings() iter.Seq2[string, Resource] {
	return func(yield func(string, Resource) bool) {
		for _, res := range c.readings {
			before := ""
			for _, equals := range []bool{false, true} {
				if text := c.ossString(res, equals); text != before {
					if before = text; !yield(text, res) {
						return
					}
				}
			}
		}
	}
}

func (c *Claim) ossString(about Resource, equals bool) string {
	if c.Scheme == OSS1 {
		return c.oss1String(about, equals)
	}
	return c.Hashed(c.oss4Canonical(about, equals))
}

// ossDigest is the signature of a text as the schemes of OSS write it.
func (c *Claim) ossDigest(secret, text string) string {
	if c.Scheme == OSS1 {
		return base64.StdEncoding.EncodeToString(mac(sha1.New, secret, text))
	}
	key := []byte("aliyun_v4" + secret)
	for part := range strings.SplitSeq(c.scope, "/") {
		key = mac(sha256.New, string(key), part)
	}
	return hex.EncodeToString(mac(sha256.New, string(key), text))
}

// freshURL refuses a URL whose time has passed, or has not come.
func (c *Claim) freshURL(now time.Time) error {
	switch {
	case now.Unix() > c.until.Unix():
		return refuse(Expired, c.date)
	case c.Scheme == OSS4 && c.At.After(now.Add(window)):
		return refuse(Stale, c.date)
	}
	return nil
}

// verifyOSS is Verify for OSS.
func (c *Claim) verifyOSS(secret string) error {
	first := ""
	for text, about := range c.ossSpellings() {
		if secret != "" && c.complete() && hmac.Equal([]byte(c.ossDigest(secret, text)), []byte(c.signature)) {
			c.Resource = about
			return nil
		}
		first = cmp.Or(first, text)
	}
	return refuse(Mismatch, first)
}

// ossHeader is a header of OSS as it is signed and meant: values that stand in
// several lines are joined.
func (r Request) ossHeader(name string) string {
	values := r.Header[http.CanonicalHeaderKey(name)]
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Trim(v, " \t")
	}
	return strings.Join(trimmed, ",")
}

package sign

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SignROA is the request signed by ROA V1. An empty nonce is left out.
func (r Request) SignROA(keyID, secret string, at time.Time, nonce string) Request {
	r.Header = r.header()
	r.Header.Set("Content-Md5", md5Sum(r.Body))
	r.Header.Set("Date", at.UTC().Format(httpTime))
	r.Header.Set("X-Acs-Signature-Method", hmacSHA1)
	r.Header.Set("X-Acs-Signature-Version", "1.0")
	if nonce != "" {
		r.Header.Set("X-Acs-Signature-Nonce", nonce)
	}
	c := &Claim{Scheme: ROA1, request: r}
	c.params, _ = parse(r.Query)
	r.Header.Set("Authorization", "acs "+keyID+":"+c.digest(secret, c.StringToSign()))
	return r
}

// SignRPC is the request signed by RPC V1. The protocol parameters stand in
// the query; those that it has already are replaced.
func (r Request) SignRPC(keyID, secret string, at time.Time, nonce string) Request {
	r.Header = r.header()
	query, _ := parse(r.Query)
	query.Set("AccessKeyId", keyID)
	query.Set("SignatureMethod", hmacSHA1)
	query.Set("SignatureNonce", nonce)
	query.Set("SignatureVersion", "1.0")
	query.Set("Timestamp", at.UTC().Format(isoTime))
	query.Del("Signature")
	r.Query = query.Encode()
	c := &Claim{Scheme: RPC1, request: r, params: r.Params()}
	query.Set("Signature", c.digest(secret, c.StringToSign()))
	r.Query = query.Encode()
	return r
}

// SignACS3 is the request signed by ACS3, with every header that must be.
func (r Request) SignACS3(keyID, secret string, at time.Time, nonce string) Request {
	r.Header = r.header()
	r.Header.Set("X-Acs-Content-Sha256", SHA256(r.Body))
	r.Header.Set("X-Acs-Date", at.UTC().Format(isoTime))
	r.Header.Set("X-Acs-Signature-Nonce", nonce)
	c := &Claim{Scheme: ACS3, request: r, headers: required(r)}
	r.Header.Set("Authorization", c.authorize("%s Credential=%s,SignedHeaders=%s,Signature=%s", keyID, secret))
	return r
}

// SignSDK is the request signed by SDK-HMAC-SHA256, with its host, its date and
// those of its headers that say what it is.
func (r Request) SignSDK(keyID, secret string, at time.Time) Request {
	r.Header = r.header()
	r.Header.Set("X-Sdk-Date", at.UTC().Format(sdkTime))
	c := &Claim{Scheme: SDK, request: r, date: r.field("x-sdk-date"), headers: []string{"content-type", "host", "x-project-id", "x-sdk-date"}}
	c.headers = slices.DeleteFunc(c.headers, func(name string) bool { return r.field(name) == "" })
	r.Header.Set("Authorization", c.authorize("%s Access=%s, SignedHeaders=%s, Signature=%s", keyID, secret))
	return r
}

// authorize is the header that carries the signature of the claim.
func (c *Claim) authorize(format, keyID, secret string) string {
	c.params, _ = parse(c.request.Query)
	for _, values := range c.params {
		slices.Sort(values)
	}
	return fmt.Sprintf(format, c.Scheme, keyID, strings.Join(c.headers, ";"), c.digest(secret, c.StringToSign()))
}

// header is a copy of the request's header, so that signing does not change the
// original request.
func (r Request) header() http.Header {
	if h := r.Header.Clone(); h != nil {
		return h
	}
	return http.Header{}
}

// HTTP is the request as a client sends it to the server at base, which is
// scheme and host. The Host that was signed goes with it.
func (r Request) HTTP(base string) (*http.Request, error) {
	u, err := url.Parse(base + r.Path)
	if err != nil {
		return nil, err
	}
	u.RawQuery = r.Query
	req, err := http.NewRequest(r.Method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header = r.header()
	if r.Host != "" {
		req.Host = r.Host
	}
	return req, nil
}

// SignOSS1 is the request signed by V1 of OSS. What it is about is the first of
// its Resources.
func (r Request) SignOSS1(keyID, secret string, at time.Time) Request {
	r.Header = r.header()
	r.Header.Set("Date", at.UTC().Format(httpTime))
	c := r.ossClaim(OSS1, r.Header.Get("Date"))
	r.Header.Set("Authorization", "OSS "+keyID+":"+c.ossDigest(secret, c.StringToSign()))
	return r
}

// SignOSS4 is the request signed by V4 of OSS for a region, with more headers
// than those that must be.
func (r Request) SignOSS4(keyID, secret, region string, at time.Time, more ...string) Request {
	r.Header = r.header()
	r.Header.Set("X-Oss-Content-Sha256", unsigned)
	r.Header.Set("X-Oss-Date", at.UTC().Format(sdkTime))
	c := r.ossClaim(OSS4, r.Header.Get("X-Oss-Date"))
	c.headers, c.scope = more, ossScope(region, at)
	fields := "Credential=" + keyID + "/" + c.scope
	if len(more) > 0 {
		fields += ",AdditionalHeaders=" + strings.Join(more, ";")
	}
	r.Header.Set("Authorization", string(OSS4)+" "+fields+",Signature="+c.ossDigest(secret, c.StringToSign()))
	return r
}

// PresignOSS1 is the request with a signature by V1 in its URL, which is good
// until then.
func (r Request) PresignOSS1(keyID, secret string, until time.Time) Request {
	expires := strconv.FormatInt(until.Unix(), 10)
	c := r.ossClaim(OSS1, expires)
	r.addQuery("OSSAccessKeyId", keyID, "Expires", expires, "Signature", c.ossDigest(secret, c.StringToSign()))
	return r
}

// PresignOSS4 is the request with a signature by V4 in its URL, which is good
// from at for as long as life, in whole seconds.
func (r Request) PresignOSS4(keyID, secret, region string, at time.Time, life time.Duration, more ...string) Request {
	scope, date := ossScope(region, at), at.UTC().Format(sdkTime)
	r.addQuery("x-oss-signature-version", string(OSS4), "x-oss-credential", keyID+"/"+scope, "x-oss-date", date,
		"x-oss-expires", strconv.FormatInt(int64(life/time.Second), 10))
	if len(more) > 0 {
		r.addQuery("x-oss-additional-headers", strings.Join(more, ";"))
	}
	c := r.ossClaim(OSS4, date)
	c.headers, c.scope = more, scope
	r.addQuery("x-oss-signature", c.ossDigest(secret, c.StringToSign()))
	return r
}

func ossScope(region string, at time.Time) string {
	return at.UTC().Format("20060102") + "/" + region + oss4Scope
}

// ossClaim is the claim of a request to OSS that is about to be signed.
func (r Request) ossClaim(s Scheme, date string) *Claim {
	c := &Claim{Scheme: s, request: r, date: date}
	c.pairs, _ = readPairs(r.Query)
	if readings, ok := r.Resources(""); ok {
		c.Resource = readings[0]
	}
	return c
}

// addQuery adds parameters to the query, which stays as it is before them.
func (r *Request) addQuery(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if r.Query != "" {
			r.Query += "&"
		}
		r.Query += Escape(pairs[i]) + "=" + Escape(pairs[i+1]) // #nosec G602 -- names and values come in pairs
	}
}

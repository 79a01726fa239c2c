package api

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/web"
)

// ossReply is what an operation of OSS answers: headers, and XML or the bytes of
// an object or nothing.
type ossReply struct {
	status int // 200 when it is 0
	header map[string]string
	xml    any // with its root in XMLName
	// content is the bytes of an object, length how many of them.
	content io.ReadCloser
	length  int64
}

// xmlTime is a time as OSS writes it in XML.
func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// quotes are written as they are: there are no attributes.
var quotes = []struct{ escaped, plain []byte }{{[]byte("&#34;"), []byte(`"`)}, {[]byte("&#39;"), []byte("'")}}

// encodeXML is a value as OSS writes it. What XML cannot hold is replaced.
func encodeXML(v any) []byte {
	text, err := xml.Marshal(v)
	if err != nil {
		panic(err) // a reply that cannot be written is a mistake in its type
	}
	for _, q := range quotes {
		text = bytes.ReplaceAll(text, q.escaped, q.plain)
	}
	return append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"), text...)
}

// errXML is what is wrong with a body that is no XML of the documents.
var errXML = errors.New("not the XML of the documents")

// readXML reads a body of at most so many bytes into a value, refusing everything
// beyond elements and text as errXML. An empty body is nil, and leaves the value as
// it is.
func readXML(r io.Reader, most int64, into any) (body []byte, err error) {
	body, err = io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil && web.Status(err) != http.StatusRequestEntityTooLarge:
		return nil, err
	case err != nil || int64(len(body)) > most:
		return nil, errXML
	case len(bytes.TrimSpace(body)) == 0:
		return nil, nil
	}
	d := xml.NewTokenDecoder(elements{xml.NewDecoder(bytes.NewReader(body))})
	if err := d.Decode(into); err != nil {
		return nil, errXML
	}
	for {
		switch t, err := d.Token(); text := t.(type) {
		case nil:
			if err == io.EOF {
				return body, nil
			}
			return nil, errXML
		case xml.CharData:
			if len(bytes.TrimSpace(text)) > 0 {
				return nil, errXML
			}
		default:
			return nil, errXML // something follows
		}
	}
}

// elements are the tokens of XML without a document type, which could say what
// others mean.
type elements struct{ *xml.Decoder }

// Token implements xml.TokenReader.
func (e elements) Token() (xml.Token, error) {
	for {
		t, err := e.Decoder.Token()
		switch t.(type) {
		case xml.Directive:
			return nil, errXML
		case xml.ProcInst, xml.Comment:
			continue
		}
		return t, err
	}
}

// element is an element with a text in it.
type element struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

// ossFailure is the envelope of every refusal.
type ossFailure struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
	HostID    string `xml:"HostId"`
	Details   []element
	EC        string `xml:",omitempty"`
}

// ossError is a refusal as OSS writes it.
func ossError(e *Error, host, requestID string) []byte {
	f := ossFailure{Code: e.Code, Message: e.Message, RequestID: requestID, HostID: host, EC: e.EC}
	for _, d := range e.Details {
		f.Details = append(f.Details, element{xml.Name{Local: d.Name}, d.Value})
	}
	return encodeXML(f)
}

func (a oss) write(g *gin.Context, c *Call, answered any, refused *Error) {
	h, id := g.Writer.Header(), web.RequestID(g.Request.Context())
	h.Set("X-Oss-Request-Id", id)
	// An object may be a page, and this is the origin of ours. It is so in every
	// reply: browsers take it from a 304 for the page that they kept.
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Oss-Server-Time", strconv.FormatInt(models.SystemClock().Sub(c.began).Milliseconds(), 10))
	if refused != nil {
		writeOSSError(g, refused, id)
		return
	}
	r := answered.(*ossReply)
	for name, value := range r.header {
		h.Set(name, value)
	}
	g.Status(cmp.Or(r.status, http.StatusOK))
	switch {
	case r.content != nil:
		defer r.content.Close()
		h.Set("Content-Length", strconv.FormatInt(r.length, 10))
		g.Writer.WriteHeaderNow()
		if g.Request.Method != http.MethodHead {
			_, _ = io.CopyN(g.Writer, r.content, r.length) // a client sees by the length that something is missing
		}
	case r.xml != nil:
		writeXML(g, encodeXML(r.xml))
	default:
		if h.Get("Content-Length") == "" && r.status == 0 {
			h.Set("Content-Length", "0")
		}
		g.Writer.WriteHeaderNow()
	}
}

func writeXML(g *gin.Context, text []byte) {
	g.Header("Content-Type", "application/xml")
	g.Header("Content-Length", strconv.Itoa(len(text)))
	g.Writer.WriteHeaderNow()
	_, _ = g.Writer.Write(text)
}

// writeOSSError writes a refusal; that of HEAD, which has no body, into a header.
func writeOSSError(g *gin.Context, e *Error, id string) {
	g.Status(e.Status)
	if e.EC != "" {
		g.Header("X-Oss-Ec", e.EC)
	}
	if g.Request.Method != http.MethodHead {
		writeXML(g, ossError(e, g.Request.Host, id))
		return
	}
	g.Header("X-Oss-Err", base64.StdEncoding.EncodeToString(ossErrorInHeader(e, g.Request.Host, id)))
	g.Writer.WriteHeaderNow()
}

// mostInHeader is how many bytes of XML make less than 4 KiB of base64, which every
// client and proxy takes as a header.
const mostInHeader = 3069

// ossErrorInHeader is a refusal that fits into a header: without the last of its
// details, and, where it is large even then, without the host and the end of its
// message.
func ossErrorInHeader(e *Error, host, requestID string) []byte {
	text := ossError(e, host, requestID)
	for cut := *e; len(text) > mostInHeader && len(cut.Details) > 0; {
		cut.Details = cut.Details[:len(cut.Details)-1]
		text = ossError(&cut, host, requestID)
	}
	if len(text) > mostInHeader {
		const most = 300 // each of which may be escaped
		text = ossError(&Error{Code: e.Code, Message: strings.ToValidUTF8(e.Message[:min(len(e.Message), most)], ""), EC: e.EC}, "", requestID)
	}
	return text
}

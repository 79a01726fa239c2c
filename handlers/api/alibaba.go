package api

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// Errors that Web+ and BSS have in common (signing.md §7).
var (
	invalidAccessKeyID        = refusal(http.StatusNotFound, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
	inactiveAccessKeyID       = refusal(http.StatusBadRequest, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
	signatureDoesNotMatch     = refusal(http.StatusBadRequest, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation. server string to sign is:")
	incompleteSignature       = refusal(http.StatusBadRequest, "IncompleteSignature", "The request signature does not conform to Aliyun standards.")
	signatureNonceUsed        = refusal(http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already.")
	timeStampExpired          = refusal(http.StatusBadRequest, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
	timeStampFormat           = refusal(http.StatusBadRequest, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
	invalidSignatureMethod    = refusal(http.StatusBadRequest, "InvalidSignatureMethod", "Specified signature method is not valid.")
	invalidFormat             = refusal(http.StatusBadRequest, "InvalidParameter.Format", "Specified parameter Format is not valid.")
	invalidVersion            = refusal(http.StatusBadRequest, "InvalidVersion", "Specified parameter Version is not valid.")
	contentMD5NotMatched      = refusal(http.StatusBadRequest, "ContentMD5NotMatched", "Specified content-md5 header is not matched with the request content.")
	invalidAPINotFound        = refusal(http.StatusNotFound, "InvalidApi.NotFound", "Specified api is not found, please check your url and method.")
	requestEntityTooLarge     = refusal(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is too large.")
	throttlingUser            = refusal(http.StatusTooManyRequests, "Throttling.User", "Request was denied due to user flow control.")
	tokenMismatch             = refusal(http.StatusBadRequest, "IdempotentParameterMismatch", "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical.")
	alibabaServiceUnavailable = refusal(http.StatusServiceUnavailable, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
)

// alibabaErrors are those that both products refuse a request with before they
// look at its operation.
func alibabaErrors(more ...*Error) []*Error {
	return append([]*Error{
		invalidAccessKeyID, inactiveAccessKeyID, signatureDoesNotMatch, incompleteSignature, signatureNonceUsed, timeStampExpired, timeStampFormat,
		invalidSignatureMethod, invalidFormat, invalidVersion, invalidAPINotFound, requestEntityTooLarge, missing("MissingSignatureNonce"), throttlingUser,
		alibabaServiceUnavailable,
	}, more...)
}

// The parameters that both products have.
var (
	formatParam = Param{Name: "Format", Rules: "oneof=JSON XML", Query: true}
	tokenParam  = Param{Name: "ClientToken", Rules: fmt.Sprint("max=", mostToken)}
)

// missing is the refusal, by its code, of a request that lacks a parameter of the
// protocol.
func missing(code string) *Error {
	return refusal(http.StatusBadRequest, code, strings.TrimPrefix(code, "Missing")+" is mandatory for this action.")
}

// alibabaError is the refusal of what both products refuse alike; nil where each
// has its own code.
func alibabaError(c *Call, err error) *Error {
	var own *Error
	var refused *sign.Error
	var throttled models.Throttled
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused):
		return signatureError(c, refused)
	case errors.As(err, &throttled):
		return throttlingUser
	case errors.Is(err, errUnknownKey):
		return invalidAccessKeyID
	case errors.Is(err, errInactiveKey):
		return inactiveAccessKeyID
	case errors.Is(err, errNonceUsed):
		return signatureNonceUsed
	case errors.Is(err, errNoOperation):
		return invalidAPINotFound
	case errors.Is(err, errVersion):
		return invalidVersion
	case errors.Is(err, errFormat):
		return invalidFormat
	}
	switch web.Status(err) {
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return requestEntityTooLarge
	case http.StatusServiceUnavailable, http.StatusInsufficientStorage:
		return alibabaServiceUnavailable
	}
	return nil
}

func signatureError(c *Call, refused *sign.Error) *Error {
	switch refused.Reason {
	case sign.Missing:
		return missing("Missing" + refused.Detail)
	case sign.BadMethod:
		return invalidSignatureMethod
	case sign.DateAbsent, sign.DateFormat:
		return timeStampFormat
	case sign.Stale:
		return timeStampExpired
	case sign.BadDigest:
		if c.claim != nil && c.claim.Scheme == sign.ACS3 {
			return signatureDoesNotMatch.adding(c.claim.StringToSign())
		}
		return contentMD5NotMatched
	case sign.Mismatch:
		return signatureDoesNotMatch.adding(refused.Detail)
	}
	return incompleteSignature
}

// A reply embeds the envelope of its product, which seals it.
type reply interface{ seal(requestID string) }

// alibabaFormat is what an answer is written in, and whether a parameter Format
// asks for what there is not. byParameter is how V1 of RPC asks: there nothing
// but Format counts, and XML is what comes without.
func alibabaFormat(c *Call, byParameter bool) (xml, wrong bool) {
	switch format := c.given().Get("Format"); {
	case strings.EqualFold(format, "XML"):
		return true, false
	case strings.EqualFold(format, "JSON"):
		return false, false
	case format != "":
		wrong = true
	}
	accept := strings.ToLower(c.request.Header.Get("Accept"))
	switch {
	case byParameter:
		return true, wrong
	case strings.Contains(accept, "json"):
		return false, wrong
	}
	return strings.Contains(accept, "xml"), wrong
}

// alibabaFailure is the envelope of every refusal. All its values are texts.
type alibabaFailure struct {
	XMLName   xml.Name `json:"-" xml:"Error"`
	RequestID string   `json:"RequestId" xml:"RequestId"`
	HostID    string   `json:"HostId" xml:"HostId"`
	Code      string
	Message   string
	Recommend string
}

func alibabaRefused(e *Error, host, requestID string) any {
	return alibabaFailure{RequestID: requestID, HostID: host, Code: e.Code, Message: e.Message}
}

// writeAlibaba writes a reply, or the refusal when it is one.
func writeAlibaba(g *gin.Context, c *Call, asXML bool, answered any, refused *Error) {
	id := web.RequestID(g.Request.Context())
	status, root := http.StatusOK, c.Operation+"Response"
	if refused != nil {
		status, root = refused.Status, "Error"
		answered = alibabaRefused(refused, g.Request.Host, id)
	} else if r, ok := answered.(reply); ok {
		r.seal(id)
	}
	body, kind := bytes.Buffer{}, "application/json;charset=utf-8"
	var err error
	if asXML {
		kind = "text/xml;charset=utf-8"
		body.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
		err = xml.NewEncoder(&body).EncodeElement(answered, xml.StartElement{Name: xml.Name{Local: root}})
	} else {
		err = encodeJSON(&body, answered)
	}
	if err != nil {
		panic(err) // a reply that cannot be written is a mistake in its type
	}
	g.Header("X-Acs-Request-Id", id)
	g.Data(status, kind, body.Bytes())
}

// encodeJSON writes a value as JSON, with <, > and & as they are.
func encodeJSON(to *bytes.Buffer, v any) error {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	to.Truncate(max(0, to.Len()-1)) // without the line break that Encode adds
	return err
}

package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// LMS is the knowledge stores' service: every operation is a POST with a JSON
// body (stores.md).
func LMS() Product {
	return Product{
		ID: models.ProductStores, Name: "LMS", Version: "v1", CLI: "LMS", Style: JSON, Schemes: []sign.Scheme{sign.SDK, sign.Token},
		Before:  []*Error{gatewayVerify, gatewayNoKey, gatewayToken, gatewayNoHeader, gatewayForbidden, gatewayNoAPI, gatewayThrottled, gatewayTooLarge},
		Always:  []*Error{storeFormat, storeInternal, storeBusy},
		Missing: storeMissing, Header: "X-Request-Id", Faults: "A fault of the server; nothing was done.",
		dialect: func(a *Server) dialect { return lms{a} }, refused: lmsRefused,
	}
}

const lmsMoment = "datetime=" + lmsLayout

// The parameters that several operations on stores have.
var (
	lmsToken   = Param{Name: "client_token", Rules: fmt.Sprint("max=", mostToken)}
	namedStore = []Param{{Name: "store_name", Required: true, Rules: "storename"}, {Name: "region", Words: "region.named"}}
)

// lms speaks as the stores' service does.
type lms struct{ *Server }

// Errors of the stores' service (stores.md §5) and of the gateway before it
// (signing.md §8).
var (
	storeExists     = refusal(http.StatusBadRequest, "LMS.10001005", "Store already exists")
	storeNotFound   = refusal(http.StatusBadRequest, "LMS.10002001", "Store not found")
	storeInvalid    = refusal(http.StatusBadRequest, "LMS.00001001", "ErrInvalidParameter: The input parameter is incorrect")
	storeFormat     = refusal(http.StatusBadRequest, "LMS.00001002", "errInvalidParameterFormat: Request is not json format or missing required parameters")
	storeMissing    = refusal(http.StatusBadRequest, "LMS.00001003", "ErrMissingRequiredParameters: Missing required parameters")
	storeBadRequest = refusal(http.StatusBadRequest, "LMS.00001024", "ErrBadRequest: The request is invalid")
	storeInternal   = refusal(http.StatusInternalServerError, "LMS.00000001", "Internal error")
	storeBusy       = refusal(http.StatusServiceUnavailable, "LMS.00000001", "Internal error").variant("Busy")

	gatewayNoHeader  = refusal(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: authorization header is missing or malformed").variant("Absent")
	gatewayVerify    = refusal(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail").variant("Signature")
	gatewayNoKey     = refusal(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: Get secretKey failed").variant("Key")
	gatewayToken     = refusal(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: decrypt token fail").variant("Token")
	gatewayForbidden = refusal(http.StatusForbidden, "APIGW.0302", "The IAM user is not authorized to access the API")
	gatewayNoAPI     = refusal(http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment")
	gatewayTooLarge  = refusal(http.StatusRequestEntityTooLarge, "APIGW.0201", "Request entity too large")
	gatewayThrottled = refusal(http.StatusTooManyRequests, "APIGW.0308", "The throttling threshold has been reached")
)

// storesReply is the envelope of every success.
type storesReply struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

// done is a success with a message, "Request success" when it is empty.
func done(message string, data any) *storesReply {
	if message == "" {
		message = "Request success"
	}
	return &storesReply{Code: "LMS.00000000", Message: message, Data: data}
}

func (a lms) product() models.APIProduct { return models.ProductStores }

func (a lms) name(*Call) string { return "" }

func (a lms) claim(r sign.Request) (*sign.Claim, error) { return sign.Huawei(r) }

func (a lms) check(c *Call) error {
	if c.Caller.SiteKey() {
		return models.ErrForbidden // nothing here says for whom it is
	}
	return nil
}

func (a lms) read(_ context.Context, c *Call) error {
	c.Body, c.Params = c.request.Body, Params{}
	query, _ := url.ParseQuery(c.request.Query)
	for _, p := range c.op.queries() {
		if len(query[p.Name]) > 1 {
			return storeInvalid
		}
		c.Params[p.Name] = query.Get(p.Name)
	}
	if !c.op.obeyed(c.Params) {
		return storeInvalid
	}
	return nil
}

func (a lms) write(g *gin.Context, _ *Call, reply any, refused *Error) {
	status := http.StatusOK
	if refused != nil {
		status, reply = refused.Status, lmsRefused(refused, "", web.RequestID(g.Request.Context()))
	}
	var body bytes.Buffer
	if err := encodeJSON(&body, reply); err != nil {
		panic(err) // a reply that cannot be written is a mistake in its type
	}
	g.Data(status, "application/json", body.Bytes())
}

// lmsRefused is the body of a refusal: the gateway's is another than that of the
// service behind it.
func lmsRefused(e *Error, _, requestID string) any {
	if strings.HasPrefix(e.Code, "APIGW.") {
		return struct {
			Code      string `json:"error_code"`
			Message   string `json:"error_msg"`
			RequestID string `json:"request_id"`
		}{e.Code, e.Message, requestID}
	}
	return struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{e.Code, e.Message}
}

func (a lms) refuse(c *Call, err error) *Error {
	var own *Error
	var refused *sign.Error
	var broken models.Invalid
	var throttled models.Throttled
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused) && (refused.Reason == sign.Absent || refused.Reason == sign.Malformed):
		return gatewayNoHeader
	case errors.As(err, &refused):
		return gatewayVerify
	case errors.As(err, &throttled):
		return gatewayThrottled
	case errors.Is(err, errUnknownKey), errors.Is(err, errInactiveKey):
		if c.claim.Scheme == sign.Token {
			return gatewayToken
		}
		return gatewayNoKey
	case errors.Is(err, errNoOperation):
		return gatewayNoAPI
	case notAllowed(err):
		return gatewayForbidden
	case errors.As(err, &broken):
		return lmsInvalid(broken)
	case errors.Is(err, models.ErrNotFound):
		return storeNotFound
	case errors.Is(err, models.ErrConflict):
		return storeBadRequest
	}
	switch web.Status(err) {
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return gatewayTooLarge
	case http.StatusUnsupportedMediaType:
		return storeFormat
	case http.StatusServiceUnavailable, http.StatusInsufficientStorage:
		return storeBusy
	}
	return storeInternal
}

// lmsInvalid is the code of broken rules: a name that is taken, or a state that
// does not allow it, tells only when nothing else is wrong.
func lmsInvalid(broken models.Invalid) *Error {
	of := map[models.FieldError]*Error{
		{Field: "store_name", Rule: "taken"}: storeExists,
		{Field: "num", Rule: "state"}:        storeBadRequest,
		{Field: "num", Rule: "not_on_sale"}:  storeBadRequest,
	}
	first := of[broken[0]]
	if first == nil || len(broken) > 1 {
		return storeInvalid
	}
	return first
}

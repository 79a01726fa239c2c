package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// LMS speaks as the knowledge stores' service does: every operation is a POST
// with a JSON body (stores.md).
type LMS struct {
	*Server
	operation string
	run       operation
}

// Errors of the stores' service (stores.md §5) and of the gateway before it
// (signing.md §8).
var (
	storeExists     = &Error{http.StatusBadRequest, "LMS.10001005", "Store already exists"}
	storeNotFound   = &Error{http.StatusBadRequest, "LMS.10002001", "Store not found"}
	storeInvalid    = &Error{http.StatusBadRequest, "LMS.00001001", "ErrInvalidParameter: The input parameter is incorrect"}
	storeFormat     = &Error{http.StatusBadRequest, "LMS.00001002", "errInvalidParameterFormat: Request is not json format or missing required parameters"}
	storeMissing    = &Error{http.StatusBadRequest, "LMS.00001003", "ErrMissingRequiredParameters: Missing required parameters"}
	storeBadRequest = &Error{http.StatusBadRequest, "LMS.00001024", "ErrBadRequest: The request is invalid"}
	storeInternal   = &Error{http.StatusInternalServerError, "LMS.00000001", "Internal error"}
	storeBusy       = &Error{http.StatusServiceUnavailable, "LMS.00000001", "Internal error"}

	gatewayNoHeader  = &Error{http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: authorization header is missing or malformed"}
	gatewayVerify    = &Error{http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail"}
	gatewayNoKey     = &Error{http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: Get secretKey failed"}
	gatewayToken     = &Error{http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: decrypt token fail"}
	gatewayForbidden = &Error{http.StatusForbidden, "APIGW.0302", "The IAM user is not authorized to access the API"}
	gatewayNoAPI     = &Error{http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment"}
	gatewayTooLarge  = &Error{http.StatusRequestEntityTooLarge, "APIGW.0201", "Request entity too large"}
	gatewayThrottled = &Error{http.StatusTooManyRequests, "APIGW.0308", "The throttling threshold has been reached"}
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

// Call is the handler of one operation; run is nil where there is none.
func (a LMS) Call(name string, run operation) gin.HandlerFunc {
	a.operation, a.run = name, run
	return a.serve(a)
}

func (a LMS) product() models.APIProduct { return models.ProductStores }

func (a LMS) name(*Call) string { return a.operation }

func (a LMS) claim(r sign.Request) (*sign.Claim, error) { return sign.Huawei(r) }

func (a LMS) find(c *Call) (operation, error) {
	switch {
	case a.run == nil:
		return nil, errNoOperation
	case c.Caller.SiteKey():
		return nil, models.ErrForbidden // nothing here says for whom it is
	}
	return a.run, nil
}

func (a LMS) read(_ context.Context, c *Call) error {
	c.Query, _ = url.ParseQuery(c.request.Query)
	c.Body = c.request.Body
	return nil
}

func (a LMS) answer(g *gin.Context, c *Call, reply any, err error) *Error {
	ctx := g.Request.Context()
	var refusal *Error
	status := http.StatusOK
	if err != nil {
		refusal = lmsError(c, err).adding(remark(ctx, err))
		web.RefusedWith(g, refusal.Status, err)
		status = refusal.Status
		if strings.HasPrefix(refusal.Code, "APIGW.") {
			reply = struct {
				Code      string `json:"error_code"`
				Message   string `json:"error_msg"`
				RequestID string `json:"request_id"`
			}{refusal.Code, refusal.Message, web.RequestID(ctx)}
		} else {
			reply = struct {
				Code    string `json:"code"`
				Message string `json:"message"`
			}{refusal.Code, refusal.Message}
		}
	}
	var body bytes.Buffer
	if err := encodeJSON(&body, reply); err != nil {
		panic(err) // a reply that cannot be written is a mistake in its type
	}
	g.Data(status, "application/json", body.Bytes())
	return refusal
}

// lmsError is the one table from errors to the codes of the stores' service.
func lmsError(c *Call, err error) *Error {
	var own *Error
	var refused *sign.Error
	var broken models.Invalid
	var held *models.Held
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
	case errors.As(err, &held), errors.Is(err, models.ErrForbidden), errors.Is(err, models.ErrUnauthenticated):
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
	}
	first := of[broken[0]]
	if first == nil || len(broken) > 1 {
		return storeInvalid
	}
	return first
}

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// WebPlus is Web+: ROA style, where method and path choose the operation
// (webplus.md).
func WebPlus() Product {
	return Product{
		ID: models.ProductWebPlus, Name: "WebPlus", Version: webPlusVersion, CLI: "webplus", Style: ROA, Schemes: []sign.Scheme{sign.ROA1, sign.ACS3},
		Params: []Param{{Name: "RegionId", Field: "region", Query: true}},
		Shared: []Param{{Name: "x-acs-version", Required: true, Rules: "eq=" + webPlusVersion}, {Name: "x-acs-region-id"}, formatParam},
		Before: alibabaErrors(contentMD5NotMatched, parameterValidationFailed), Always: []*Error{permissionDenied, webPlusInternal},
		Header: "x-acs-request-id", Faults: "A fault of the server; nothing was created.",
		dialect: func(a *Server) dialect { return webPlus{a} }, refused: alibabaRefused,
	}
}

// The parameters that several operations of Web+ have.
var (
	webPlusPages = []Param{
		{Name: "PageNumber", Type: Number, Rules: fmt.Sprint("min=1,max=", farthestPage), Default: 1},
		{Name: "PageSize", Type: Number, Rules: fmt.Sprint("min=1,max=", models.MaxPageSize), Default: webPlusPage},
	}
)

// webPlus speaks as Web+ does.
type webPlus struct{ *Server }

// webPlusVersion is the one version of Web+.
const webPlusVersion = "2019-03-20"

// Errors of Web+ (webplus.md §6); the messages are part of the contract.
var (
	ossDisabled               = refusal(http.StatusBadRequest, "OSSDisabled", "You have not activated the OSS service and cannot use the WebPlus service. Please go to the OSS console (https://oss.console.aliyun.com) to activate OSS and try again.")
	ossAPICallFailed          = refusal(http.StatusBadRequest, "OSSApiCallFailed", "When initializing applications, updating configurations, or destroying applications, WebPlus attempts to communicate with OSS through API communication. An OSS service throw error occurred. The bucket or the file does not exist.")
	ossBucketNotExists        = refusal(http.StatusNotFound, "OSSBucketNotExists", "No valid OSS Bucket configuration has been found. It may have been deleted, or the parameter passed in is invalid.")
	ossPathInvalid            = refusal(http.StatusBadRequest, "OSSPathInvalid", "The specified OSS path is invalid. For more information about OSS path, see oss://webx-demo/directory/file.json")
	resourceAuthFailed        = refusal(http.StatusForbidden, "ResourceAuthFailed", "The specified resource does not exist or it does not belong to this Alibaba Cloud account.")
	versionLabelExists        = refusal(http.StatusBadRequest, "VersionLabelExists", "An error occurred while creating an application version. The version name already exists. Please use a different name and try again.")
	appNameUsed               = refusal(http.StatusBadRequest, "AppNameUsed", "The specified application name already exists in this region. Enter another application name.")
	categoryNotExists         = refusal(http.StatusNotFound, "CategoryNotExists", "The specified application category does not exist.")
	parameterValidationFailed = refusal(http.StatusBadRequest, "ParameterValidationFailed", "An error occurred while verifying the parameter. Please confirm whether the value type, size, and range that you passed in for the request are consistent with the declared values.")
	permissionDenied          = refusal(http.StatusForbidden, "PermissionDenied", "Your request is denied. You do not have access to the requested resources. If you are sure that the specified resource belongs to the current primary account, ask the primary account owner to perform a RAM authorization first and try again.")
	webPlusInternal           = refusal(http.StatusInternalServerError, "InternalError", "An error occurred while processing your request. Submit a ticket for a solution")
)

// webPlusRules is the documented code of each broken rule, by field and rule.
// Whatever is not listed is ParameterValidationFailed.
var webPlusRules = map[string]*Error{
	" repeated":         tokenMismatch,
	" repeated_app":     tokenMismatch,
	" storage_off":      ossDisabled,
	" storage_failed":   ossAPICallFailed,
	"app_id required":   resourceAuthFailed,
	"app_id max":        resourceAuthFailed,
	"app_id unknown":    resourceAuthFailed,
	"source required":   ossPathInvalid,
	"source osspath":    ossPathInvalid,
	"source line":       ossPathInvalid,
	"source not_yours":  resourceAuthFailed,
	"source no_object":  ossAPICallFailed,
	"source unverified": ossAPICallFailed,
	"label taken":       versionLabelExists,
	"app_name taken":    appNameUsed,
	"category unknown":  categoryNotExists,
}

// webPlusOK is the envelope of every success.
type webPlusOK struct {
	Code      string
	Message   string
	RequestID string `json:"RequestId" xml:"RequestId"`
}

func (e *webPlusOK) seal(requestID string) {
	*e = webPlusOK{Code: "OK", Message: "success", RequestID: requestID}
}

func (a webPlus) product() models.APIProduct { return models.ProductWebPlus }

func (a webPlus) name(*Call) string { return "" }

func (a webPlus) claim(r sign.Request) (*sign.Claim, error) { return sign.ROA(r) }

func (a webPlus) check(c *Call) error {
	_, wrongFormat := alibabaFormat(c, false)
	switch {
	case c.request.Header.Get("X-Acs-Version") != webPlusVersion:
		return errVersion
	case wrongFormat:
		return errFormat
	case c.Caller.SiteKey():
		return models.ErrForbidden // nothing in Web+ says for whom it is
	}
	return nil
}

// read is the union of headers, query, form and JSON body; what comes later
// wins. Of a body that nobody signed only what the operation has in its body
// counts, and nothing wins over what somebody signed.
func (a webPlus) read(_ context.Context, c *Call) error {
	c.Params = Params{}
	query, form := c.request, c.request
	query.Body, form.Query = nil, ""
	header := url.Values{"RegionId": {c.request.Header.Get("X-Acs-Region-Id")}}
	given := []url.Values{header, query.Params(), form.Params(), jsonParams(c.request.Body)}
	if !c.claim.CoversBody() {
		for _, body := range given[2:] {
			maps.DeleteFunc(body, func(name string, _ []string) bool { return !c.op.inBody(name) })
		}
		given = append(given[2:], given[:2]...)
	}
	for _, values := range given {
		for name := range values {
			if value := values.Get(name); value != "" {
				c.Params[name] = value
			}
		}
	}
	if c.Region = c.Params.Get("RegionId"); c.Region == "" {
		c.Region = a.Region
	}
	for _, text := range append(slices.Collect(maps.Values(c.Params)), c.Region) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return parameterValidationFailed
		}
	}
	if !c.op.obeyed(c.Params) {
		return parameterValidationFailed
	}
	return nil
}

// jsonParams are the parameters in a body that is a JSON object: texts, and
// numbers and booleans as their text.
func jsonParams(body []byte) url.Values {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return nil
	}
	params := url.Values{}
	for name, raw := range fields {
		var text string
		var truth bool
		var number json.Number
		switch {
		case json.Unmarshal(raw, &text) == nil && raw[0] == '"':
			params.Set(name, text)
		case json.Unmarshal(raw, &truth) == nil && string(raw) != "null":
			params.Set(name, strconv.FormatBool(truth))
		case json.Unmarshal(raw, &number) == nil:
			params.Set(name, number.String())
		}
	}
	return params
}

func (a webPlus) write(g *gin.Context, c *Call, reply any, refused *Error) {
	asXML, _ := alibabaFormat(c, false)
	writeAlibaba(g, c, asXML, reply, refused)
}

func (a webPlus) refuse(c *Call, err error) *Error {
	if refusal := alibabaError(c, err); refusal != nil {
		return refusal
	}
	var broken models.Invalid
	switch {
	case notAllowed(err):
		return permissionDenied
	case errors.As(err, &broken):
		for _, b := range broken {
			if refusal, ok := webPlusRules[b.Field+" "+b.Rule]; ok {
				return refusal
			}
		}
		return parameterValidationFailed
	case errors.Is(err, models.ErrNotFound):
		return resourceAuthFailed
	case web.Status(err) == http.StatusUnsupportedMediaType:
		return parameterValidationFailed
	}
	return webPlusInternal
}

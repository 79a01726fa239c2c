package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// BSS is the BSS OpenAPI: RPC style, where one address serves every operation
// and the parameter Action chooses (bss.md).
func BSS() Product {
	return Product{
		ID: models.ProductBSS, Name: "BssOpenApi", Version: bssVersion, CLI: "bssopenapi", Style: RPC, Schemes: []sign.Scheme{sign.RPC1, sign.ACS3},
		Shared: []Param{{Name: "Version", Rules: "eq=" + bssVersion, Query: true}, formatParam},
		Before: alibabaErrors(missing("MissingAccessKeyId"), missing("MissingSignature"), missing("MissingTimestamp")), Always: []*Error{notAuthorized, bssInternal},
		Missing: missingParameter, Header: "x-acs-request-id", Faults: "A fault of the server; nothing was created.",
		Note:    "GET does the same. The parameters may stand in the query or in a form. Without Format, RPC V1 answers in XML.",
		dialect: func(a *Server) dialect { return bss{a} }, refused: alibabaRefused,
	}
}

// bss speaks as the BSS OpenAPI does.
type bss struct{ *Server }

// bssVersion is the one version of the BSS OpenAPI.
const bssVersion = "2017-12-14"

// Errors of BSS (bss.md §3); the messages are part of the contract.
var (
	notApplicable           = refusal(http.StatusBadRequest, "NotApplicable", "This API is not applicable for caller.")
	notAuthorized           = refusal(http.StatusBadRequest, "NotAuthorized", "This API is not authorized for caller.")
	missingParameter        = refusal(http.StatusBadRequest, "MissingParameter", "Absent some mandatory parameter for this request.")
	invalidParameter        = refusal(http.StatusBadRequest, "InvalidParameter", "This request contain some invalid parameter")
	invalidOwner            = refusal(http.StatusBadRequest, "InvalidOwner", "The specified owner doesn't belong to caller.")
	durationInvalid         = refusal(http.StatusBadRequest, "DurationInvalid", "Parameter duration can only be positive integer.")
	productNotFound         = refusal(http.StatusBadRequest, "ProductNotFound", "Product not found.")
	productNotFind          = refusal(http.StatusBadRequest, "ProductNotFind", "Can not find inquired product, it may not exist.") // spelled as documented
	packageTypeNotFound     = refusal(http.StatusBadRequest, "PackageTypeNotFound", "No such resource package type found.")
	packageTypeNotSupported = refusal(http.StatusBadRequest, "PackageTypeNotSupported", "Package type currently is not supported.")
	specificationInvalid    = refusal(http.StatusBadRequest, "SpecificationInvalid", "Parameter specification can only be positive integer.")
	effectiveDateInvalid    = refusal(http.StatusBadRequest, "EffectiveDateInvalid", "Parameter effectiveDate is invalid.")
	idInvalid               = refusal(http.StatusBadRequest, "IdInvalid", "Parameter ownerId is invalid.")
	idMissing               = refusal(http.StatusBadRequest, "IdMissing", "Paramter ownerId is missing.") // spelled as documented
	bssInternal             = refusal(http.StatusInternalServerError, "InternalError", "The request processing has failed due to some unknown error.")
)

// bssRules is the documented code of each broken rule, by field and rule. What
// is not listed is MissingParameter when it is required, else InvalidParameter.
var bssRules = map[string]*Error{
	" repeated":                      tokenMismatch,
	" plan_api_off":                  notApplicable,
	" no_rate":                       notApplicable, // for this team, as long as there is no rate of exchange
	"product_code unknown":           productNotFound,
	"product_code not_on_sale":       productNotFound,
	"package_type unknown":           packageTypeNotFound,
	"package_type not_on_sale":       packageTypeNotSupported,
	"instance_id not_renewable":      packageTypeNotSupported,
	"instance_id not_upgradable":     packageTypeNotSupported,
	"instance_id not_on_sale":        packageTypeNotSupported,
	"specification positive_integer": specificationInvalid,
	"duration positive_integer":      durationInvalid,
	"effective_date format":          effectiveDateInvalid,
	"effective_date past":            effectiveDateInvalid,
	"effective_date ahead":           effectiveDateInvalid,
}

// bssOK is the envelope of every success.
type bssOK struct {
	Code      string
	Message   string
	RequestID string `json:"RequestId" xml:"RequestId"`
	Success   bool
}

func (e *bssOK) seal(requestID string) {
	*e = bssOK{Code: "Success", Message: "Successful!", RequestID: requestID, Success: true}
}

func (a bss) product() models.APIProduct { return models.ProductBSS }

// name is Action, or the header where the newer scheme has it; other addresses than
// its own have no operation.
func (a bss) name(c *Call) string {
	if c.request.Path != "/" {
		return ""
	}
	if name := c.request.Header.Get("X-Acs-Action"); name != "" {
		return name
	}
	return c.given().Get("Action")
}

func (a bss) claim(r sign.Request) (*sign.Claim, error) { return sign.RPC(r) }

func (a bss) check(c *Call) error {
	version := c.request.Header.Get("X-Acs-Version")
	if c.claim.Scheme == sign.RPC1 {
		version = c.given().Get("Version")
		if c.Operation != c.given().Get("Action") {
			return errNoOperation // a header that the signature does not cover
		}
	}
	_, wrongFormat := alibabaFormat(c, c.claim.Scheme == sign.RPC1)
	switch {
	case version != bssVersion:
		return errVersion
	case wrongFormat:
		return errFormat
	}
	return nil
}

// read refuses what lacks a parameter that is required, and before that whom
// the operation is not for.
func (a bss) read(_ context.Context, c *Call) error {
	c.Params = Params{}
	for name, values := range c.given() {
		c.Params[name] = values[0]
	}
	right := models.See
	if c.op.Writes {
		right = models.Request
	}
	if !c.Caller.SiteKey() && !c.By.May(right) {
		return models.ErrForbidden
	}
	for _, p := range c.op.Params {
		if p.Required && c.Params.Get(p.Name) == "" {
			return missingParameter
		}
	}
	if !c.op.obeyed(c.Params) {
		return invalidParameter
	}
	return nil
}

func (a bss) write(g *gin.Context, c *Call, reply any, refused *Error) {
	// Without a header of the newer scheme, nothing but Format counts.
	older := c.request.Header.Get("X-Acs-Action") == ""
	asXML, _ := alibabaFormat(c, older)
	writeAlibaba(g, c, asXML, reply, refused)
}

func (a bss) refuse(c *Call, err error) *Error {
	if refusal := alibabaError(c, err); refusal != nil {
		return refusal
	}
	var broken models.Invalid
	switch {
	case notAllowed(err):
		return notAuthorized
	case errors.As(err, &broken):
		// They come in the order in which the documents check them.
		first := broken[0]
		if refusal, ok := bssRules[first.Field+" "+first.Rule]; ok {
			return refusal
		}
		if first.Rule == "required" {
			return missingParameter
		}
		return invalidParameter
	case errors.Is(err, models.ErrNotFound), errors.Is(err, models.ErrConflict), errors.Is(err, models.ErrCursor),
		web.Status(err) == http.StatusUnsupportedMediaType:
		return invalidParameter
	}
	return bssInternal
}

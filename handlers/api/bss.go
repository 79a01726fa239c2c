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

// BSS speaks as the BSS OpenAPI does: RPC style, where one address serves every
// operation and the parameter Action chooses (bss.md).
type BSS struct{ *Server }

// bssVersion is the one version of the BSS OpenAPI.
const bssVersion = "2017-12-14"

// operations are what Action may ask for.
func (a BSS) operations(name string) operation {
	return map[string]operation{
		"CreateResourcePackage":          a.CreateResourcePackage,
		"DescribeResourcePackageProduct": a.DescribeResourcePackageProduct,
		"GetResourcePackagePrice":        a.GetResourcePackagePrice,
		"QueryResourcePackageInstances":  a.QueryResourcePackageInstances,
		"RenewResourcePackage":           a.RenewResourcePackage,
		"UpgradeResourcePackage":         a.UpgradeResourcePackage,
		"QueryProductList":               a.QueryProductList,
		"QueryOrders":                    a.QueryOrders,
		"GetOrderDetail":                 a.GetOrderDetail,
		"QueryDPUtilizationDetail":       a.QueryDPUtilizationDetail,
	}[name]
}

// Errors of BSS (bss.md §3); the messages are part of the contract.
var (
	notApplicable           = &Error{http.StatusBadRequest, "NotApplicable", "This API is not applicable for caller."}
	notAuthorized           = &Error{http.StatusBadRequest, "NotAuthorized", "This API is not authorized for caller."}
	missingParameter        = &Error{http.StatusBadRequest, "MissingParameter", "Absent some mandatory parameter for this request."}
	invalidParameter        = &Error{http.StatusBadRequest, "InvalidParameter", "This request contain some invalid parameter"}
	invalidOwner            = &Error{http.StatusBadRequest, "InvalidOwner", "The specified owner doesn't belong to caller."}
	durationInvalid         = &Error{http.StatusBadRequest, "DurationInvalid", "Parameter duration can only be positive integer."}
	productNotFound         = &Error{http.StatusBadRequest, "ProductNotFound", "Product not found."}
	productNotFind          = &Error{http.StatusBadRequest, "ProductNotFind", "Can not find inquired product, it may not exist."} // spelled as documented
	packageTypeNotFound     = &Error{http.StatusBadRequest, "PackageTypeNotFound", "No such resource package type found."}
	packageTypeNotSupported = &Error{http.StatusBadRequest, "PackageTypeNotSupported", "Package type currently is not supported."}
	specificationInvalid    = &Error{http.StatusBadRequest, "SpecificationInvalid", "Parameter specification can only be positive integer."}
	effectiveDateInvalid    = &Error{http.StatusBadRequest, "EffectiveDateInvalid", "Parameter effectiveDate is invalid."}
	idInvalid               = &Error{http.StatusBadRequest, "IdInvalid", "Parameter ownerId is invalid."}
	idMissing               = &Error{http.StatusBadRequest, "IdMissing", "Paramter ownerId is missing."} // spelled as documented
	bssInternal             = &Error{http.StatusInternalServerError, "InternalError", "The request processing has failed due to some unknown error."}
)

// bssRules is the documented code of each broken rule, by field and rule. What
// is not listed is MissingParameter when it is required, else InvalidParameter.
var bssRules = map[string]*Error{
	" plan_api_off":                  notApplicable,
	"product_code unknown":           productNotFound,
	"package_type unknown":           packageTypeNotFound,
	"package_type not_on_sale":       packageTypeNotSupported,
	"instance_id not_renewable":      packageTypeNotSupported,
	"instance_id not_upgradable":     packageTypeNotSupported,
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

// Call is the handler of every operation.
func (a BSS) Call() gin.HandlerFunc { return a.serve(a) }

func (a BSS) product() models.APIProduct { return models.ProductBSS }

// name is Action, or the header where the newer scheme has it.
func (a BSS) name(c *Call) string {
	if name := c.request.Header.Get("X-Acs-Action"); name != "" {
		return name
	}
	return c.request.Params().Get("Action")
}

func (a BSS) claim(r sign.Request) (*sign.Claim, error) { return sign.RPC(r) }

func (a BSS) find(c *Call) (operation, error) {
	run := a.operations(c.Operation)
	version := c.request.Header.Get("X-Acs-Version")
	if c.claim.Scheme == sign.RPC1 {
		version = c.request.Params().Get("Version")
		if c.Operation != c.request.Params().Get("Action") {
			return nil, errNoOperation // a header that the signature does not cover
		}
	}
	_, wrongFormat := alibabaFormat(c.request, c.claim.Scheme == sign.RPC1)
	switch {
	case run == nil:
		return nil, errNoOperation
	case version != bssVersion:
		return nil, errVersion
	case wrongFormat:
		return nil, errFormat
	}
	return run, nil
}

func (a BSS) read(ctx context.Context, c *Call) error {
	c.Params = Params{}
	for name, values := range c.request.Params() {
		c.Params[name] = values[0]
	}
	return nil
}

func (a BSS) answer(g *gin.Context, c *Call, reply any, err error) *Error {
	var refusal *Error
	if err != nil {
		refusal = bssError(c, err).adding(remark(g.Request.Context(), err))
		web.RefusedWith(g, refusal.Status, err)
	}
	// Without a header of the newer scheme, nothing but Format counts.
	older := c.request.Header.Get("X-Acs-Action") == ""
	asXML, _ := alibabaFormat(c.request, older)
	writeAlibaba(g, c, asXML, reply, refusal)
	return refusal
}

// bssError is the one table from errors to the codes of BSS.
func bssError(c *Call, err error) *Error {
	if refusal := alibabaError(c, err); refusal != nil {
		return refusal
	}
	var broken models.Invalid
	var held *models.Held
	switch {
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
	case errors.As(err, &held), errors.Is(err, models.ErrForbidden), errors.Is(err, models.ErrUnauthenticated):
		return notAuthorized
	case errors.Is(err, models.ErrNotFound), errors.Is(err, models.ErrConflict), errors.Is(err, models.ErrCursor),
		web.Status(err) == http.StatusUnsupportedMediaType:
		return invalidParameter
	}
	return bssInternal
}

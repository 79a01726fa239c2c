package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"quartermaster/models"
	"quartermaster/web"
	"quartermaster/web/sign"
)

// Errors of OSS (oss.md §9); codes, their numbers and the messages are part of the
// contract.
var (
	ossInvalidArgument    = refusal(http.StatusBadRequest, "InvalidArgument", "The argument is invalid.")
	ossInvalidBucketName  = refusal(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.")
	ossKeyBegin           = refusal(http.StatusBadRequest, "InvalidObjectName", "The specified object is not valid.").variant("Begin").number("0016-00000005")
	ossKeyLength          = refusal(http.StatusBadRequest, "InvalidObjectName", "The specified object is not valid.").variant("Length").number("0016-00000003")
	ossKeyText            = refusal(http.StatusBadRequest, "InvalidObjectName", "The specified object is not valid.").variant("Text").number("0016-00000004")
	ossInvalidDigest      = refusal(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.")
	ossMalformedXML       = refusal(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
	ossMalformedComplete  = refusal(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.").variant("Complete").number("0042-00000205")
	ossInvalidPart        = refusal(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.")
	ossInvalidPartOrder   = refusal(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. Parts list must be specified in order by part number.").number("0042-00000209")
	ossEntityTooSmall     = refusal(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size.").number("0042-00000213")
	ossEntityTooLarge     = refusal(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
	ossInvalidLocation    = refusal(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid.")
	ossIncompleteBody     = refusal(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header.")
	ossAccessDenied       = refusal(http.StatusForbidden, "AccessDenied", "You have no right to access this resource.")
	ossNoDate             = refusal(http.StatusForbidden, "AccessDenied", "OSS authentication requires a Date.").variant("NoDate").number("0002-00000503")
	ossBadDate            = refusal(http.StatusForbidden, "AccessDenied", "OSS authentication requires a valid Date.").variant("BadDate").number("0002-00000502")
	ossExpired            = refusal(http.StatusForbidden, "AccessDenied", "Request has expired.").variant("Expired")
	ossNoQuery            = refusal(http.StatusForbidden, "AccessDenied", "Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters").variant("Query")
	ossNotYours           = refusal(http.StatusForbidden, "AccessDenied", "The bucket you access does not belong to you.").variant("Owner")
	ossSwitchedOff        = refusal(http.StatusForbidden, "AccessDenied", ossDisabled.Message).variant("Off")
	ossHeld               = refusal(http.StatusForbidden, "AccessDenied", "The order of this bucket has to be approved first.").variant("Held")
	ossUnknownKey         = refusal(http.StatusForbidden, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
	ossInactiveKey        = refusal(http.StatusForbidden, "InvalidAccessKeyId", "The OSS Access Key Id you provided is disabled.").variant("Disabled")
	ossSignature          = refusal(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.").number("0002-00000040")
	ossSkewed             = refusal(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.").number("0002-00000504")
	ossToken              = refusal(http.StatusForbidden, "InvalidSecurityToken", "The security token you provided is invalid.")
	ossQuota              = refusal(http.StatusForbidden, "QuotaExceeded", "The size limit of the bucket is exceeded.")
	ossManyUploads        = refusal(http.StatusForbidden, "QuotaExceeded", "The bucket has 10,000 unfinished uploads. Complete or abort some of them first.").variant("Uploads")
	ossNoBucket           = refusal(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.").number("0015-00000101")
	ossNoKey              = refusal(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.").number("0026-00000001")
	ossNoUpload           = refusal(http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
	ossMethod             = refusal(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	ossBucketExists       = refusal(http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.").number("0015-00000104")
	ossBucketNotEmpty     = refusal(http.StatusConflict, "BucketNotEmpty", "The bucket has objects. Please delete them first.").number("0015-00000301")
	ossFileExists         = refusal(http.StatusConflict, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.").number("0026-00000002")
	ossImmutable          = refusal(http.StatusConflict, "FileImmutable", "The object you specified is immutable.")
	ossPrecondition       = refusal(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
	ossInvalidRange       = refusal(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range cannot be satisfied")
	ossNotImplemented     = refusal(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented.")
	ossServiceUnavailable = refusal(http.StatusServiceUnavailable, "ServiceUnavailable", "Please reduce your request rate.")
	ossInternal           = refusal(http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
)

// The refusals of more than one operation.
var (
	// ossBefore are those before any operation.
	ossBefore = []*Error{
		ossInvalidArgument, ossInvalidBucketName, ossAccessDenied, ossNoDate, ossBadDate, ossExpired, ossNoQuery, ossUnknownKey, ossInactiveKey, ossSignature,
		ossSkewed, ossToken, ossMethod, ossNotImplemented, ossServiceUnavailable,
	}
	ossAlways    = []*Error{ossSwitchedOff, ossInternal}
	ossOfBucket  = []*Error{ossNoBucket, ossNotYours}
	ossOfKey     = []*Error{ossKeyBegin, ossKeyLength, ossKeyText}
	ossOfSending = []*Error{ossInvalidDigest, ossEntityTooLarge, ossIncompleteBody, ossQuota}
)

// number gives an error the number that the vendor's documents call EC.
func (e *Error) number(ec string) *Error {
	e.EC = ec
	return e
}

// with is the error with more elements.
func (e *Error) with(pairs ...string) *Error {
	more := *e
	more.Details = slices.Clone(e.Details)
	for i := 0; i < len(pairs); i += 2 {
		more.Details = append(more.Details, ErrorDetail{pairs[i], pairs[i+1]}) // #nosec G602 -- names and values come in pairs
	}
	return &more
}

// badArgument is the refusal of a parameter or header.
func badArgument(name, value string) *Error {
	return ossInvalidArgument.with("ArgumentName", name, "ArgumentValue", value)
}

// brokenBody is a body that could not be read to its end.
type brokenBody struct{ error }

func (b brokenBody) Unwrap() error { return b.error }

// ossRules is the documented code of each broken rule, by field and rule. What is
// not listed is InvalidArgument.
var ossRules = map[string]*Error{
	" storage_off":       ossSwitchedOff,
	" storage_failed":    ossServiceUnavailable,
	" bucket_not_empty":  ossBucketNotEmpty,
	" bucket_uploads":    ossBucketNotEmpty,
	" repeated":          ossBucketExists,
	"bucket_name taken":  ossBucketExists,
	"region unknown":     ossInvalidLocation,
	"region not_on_sale": ossInvalidLocation,
	"region required":    ossInvalidLocation,
	"file key_empty":     ossKeyLength,
	"file key_too_long":  ossKeyLength,
	"file key_text":      ossKeyText,
	"file bucket_full":   ossQuota,
	"file many_uploads":  ossManyUploads,
	"file digest":        ossInvalidDigest,
	"file incomplete":    ossIncompleteBody,
	"file exists":        ossFileExists,
	"parts required":     ossMalformedComplete,
	"parts part_order":   ossInvalidPartOrder,
	"parts part_unknown": ossInvalidPart,
	"parts part_small":   ossEntityTooSmall,
}

func (a oss) refuse(c *Call, err error) *Error {
	var own *Error
	var refused *sign.Error
	var throttled models.Throttled
	var held *models.Held
	var used *models.InUse
	var broken models.Invalid
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused):
		return a.unsigned(c, refused)
	case errors.As(err, &throttled):
		return ossServiceUnavailable
	case errors.Is(err, errUnknownKey):
		return ossUnknownKey.with("OSSAccessKeyId", c.claim.KeyID)
	case errors.Is(err, errInactiveKey):
		return ossInactiveKey.with("OSSAccessKeyId", c.claim.KeyID)
	case errors.As(err, &used):
		return immutable(used)
	case errors.As(err, &held), models.Unallowed(err):
		return ossHeld
	case errors.Is(err, models.ErrForbidden), errors.Is(err, models.ErrUnauthenticated):
		return ossAccessDenied
	case errors.As(err, &broken):
		if known := ossRules[broken[0].Field+" "+broken[0].Rule]; known != nil {
			return known
		}
		return badArgument(broken[0].Field, "")
	case errors.Is(err, models.ErrNotFound):
		return a.notFound(c)
	}
	return ossStatus(err)
}

// ossStatus is the refusal of what has a status alone.
func ossStatus(err error) *Error {
	var cut brokenBody
	switch web.Status(err) {
	case http.StatusRequestEntityTooLarge:
		return ossEntityTooLarge
	case http.StatusRequestURITooLong, http.StatusUnsupportedMediaType:
		return ossInvalidArgument
	case http.StatusServiceUnavailable, http.StatusInsufficientStorage:
		return ossServiceUnavailable
	case http.StatusRequestTimeout:
		return ossIncompleteBody
	}
	if errors.As(err, &cut) {
		return ossIncompleteBody
	}
	return ossInternal
}

// notFound is the refusal of what there is not: an upload, a key or a bucket,
// whichever is the smallest that was asked for.
func (a oss) notFound(c *Call) *Error {
	switch {
	case c.Params.Get("uploadId") != "":
		return ossNoUpload.with("UploadId", c.Params.Get("uploadId"))
	case c.about.Key != "":
		return ossNoKey.with("Key", c.about.Key)
	}
	return ossNoBucket.with("BucketName", c.about.Bucket)
}

// immutable is the refusal of a change to an object that package versions use.
func immutable(used *models.InUse) *Error {
	e := ossImmutable.with("Key", used.Key)
	if len(used.Uses) > 0 {
		u := used.Uses[0]
		e.Message += fmt.Sprintf(" Package version %s (%s) of application %s uses it; delete the version first.", u.Label, u.VersionID, u.AppName)
	}
	return e
}

// unsigned is the refusal of a signature.
func (a oss) unsigned(c *Call, refused *sign.Error) *Error {
	switch refused.Reason {
	case sign.Absent:
		return ossAccessDenied
	case sign.Missing:
		return ossNoQuery
	case sign.DateAbsent:
		return ossNoDate
	case sign.DateFormat:
		return ossBadDate
	case sign.Expired:
		return ossExpired
	case sign.HasToken:
		return ossToken
	case sign.Stale:
		return ossSkewed.with("MaxAllowedSkewMilliseconds", "900000", "RequestTime", xmlTime(c.claim.At), "ServerTime", xmlTime(a.DB.Now()))
	case sign.Mismatch:
		return ossSignature.with("OSSAccessKeyId", c.claim.KeyID, "SignatureProvided", c.claim.Signature(),
			"StringToSign", refused.Detail, "StringToSignBytes", strings.ToUpper(spaced(refused.Detail)))
	}
	return badArgument(refused.Detail, "")
}

// spaced is the bytes of a text in hex.
func spaced(s string) string { return fmt.Sprintf("% x", s) }

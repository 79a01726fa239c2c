package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"quartermaster/models"
	"quartermaster/web/sign"
)

// OSS is the object API: method, path and the subresource in the query choose the
// operation, and bodies are objects or XML (oss.md).
func OSS() Product {
	return Product{
		ID: models.ProductOSS, Name: "OSS", Version: "2019-05-17", CLI: "oss", Style: Objects, Schemes: []sign.Scheme{sign.OSS1, sign.OSS4},
		Before: ossBefore, Always: ossAlways, Header: "x-oss-request-id", Faults: "A fault of the server.",
		Note:    "The bucket may also stand in the host. A refusal of HEAD has its XML in the header x-oss-err, in base64.",
		refused: func(e *Error, host, requestID string) any { return string(ossError(e, host, requestID)) },
	}
}

// oss speaks as OSS does.
type oss struct{ *Server }

// Where an operation of OSS is.
const (
	ossRoot   = "/"
	ossBucket = "/{bucket}"
	ossKey    = "/{bucket}/{key}"
)

// ossSubresources are the parameters that choose an operation: of one that is not
// served, nothing else is done in its place.
var ossSubresources = func() map[string]bool {
	known := map[string]bool{}
	for _, name := range strings.Fields(`accessPoint accessPointConfigForObjectProcess accessPointForObjectProcess accessPointPolicy
		accessPointPolicyForObjectProcess accessmonitor accessMonitor acl append asyncFetch bucketArchiveDirectRead bucketInfo callback callback-var
		cleanRestoredObject cloudboxes cname comp cors dataPipeline delete encryption httpsConfig img inventory inventoryId legalHold lifecycle live
		location logging metaQuery metadataConfiguration metadataInventoryTable metadataJournalTable objectMeta objectWorm overwriteConfig
		partNumber policy policyStatus publicAccessBlock qos qosInfo quota redundancyTransition referer regionList regions replication
		replicationLocation replicationProgress requestPayment requesterQosInfo resourceGroup resourcePool restore retention rtc seal stat style
		styleName symlink tagging transferAcceleration udf udfApplication udfApplicationLog udfImage udfName uploadId uploads
		userDefinedLogFieldsConfig versionId versioning versions vod website worm wormExtend wormId x-oss-async-process x-oss-process
		x-oss-rename x-oss-write-get-object-response`) {
		known[name] = true
	}
	return known
}()

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// aim sets what a reading of a request's address asks for: the resource and the
// operation. Until a signature was found right it is only for the log.
func (a oss) aim(c *Call, about sign.Resource) error {
	c.about, c.op, c.Operation = about, nil, ""
	path := ossRoot
	switch {
	case about == (sign.Resource{}):
	case !bucketName.MatchString(about.Bucket):
		return ossInvalidBucketName.with("BucketName", about.Bucket)
	case about.Key == "":
		path = ossBucket
	default:
		path = ossKey
	}
	asked := []string{}
	for name := range c.Params {
		if ossSubresources[name] {
			asked = append(asked, name)
		}
	}
	method := c.request.Method
	if method == http.MethodHead && path == ossBucket && len(asked) == 0 {
		method, asked = http.MethodGet, []string{"bucketInfo"}
	}
	for i := range a.Operations {
		o := &a.Operations[i]
		if o.Product.ID == models.ProductOSS && o.Method == method && o.Path == path && o.askedBy(c, asked) {
			c.op, c.Operation = o, o.Name
		}
	}
	switch {
	case c.op != nil:
		return nil
	case len(asked) > 0:
		return ossNotImplemented.with("Subresource", strings.Join(slices.Sorted(slices.Values(asked)), " "))
	}
	return ossMethod.with("Method", c.request.Method)
}

// askedBy tells whether a request at the operation's path asks for it, with these
// subresources. Of several in the table, the last counts.
func (o *Operation) askedBy(c *Call, asked []string) bool {
	if o.Copies && c.header("x-oss-copy-source") == "" {
		return false
	}
	if name, value, found := strings.Cut(o.Asks, "="); found {
		return c.Params[name] == value && len(asked) == 0
	}
	wanted := strings.FieldsFunc(o.Asks, func(r rune) bool { return r == '&' })
	return len(wanted) == len(asked) && !slices.ContainsFunc(wanted, func(name string) bool { return !slices.Contains(asked, name) })
}

func (a oss) product() models.APIProduct { return models.ProductOSS }

func (a oss) claim(r sign.Request) (*sign.Claim, error) { return sign.OSS(r, a.Domain) }

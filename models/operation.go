package models

// APIProduct is one of the vendors' products whose operations are served.
type APIProduct string

// The products.
const (
	ProductWebPlus APIProduct = "webplus"
	ProductBSS     APIProduct = "bss"
	ProductStores  APIProduct = "lms"
)

// APIProducts are all products, in the order they are shown.
var APIProducts = []APIProduct{ProductWebPlus, ProductBSS, ProductStores}

// Operation is one operation of the vendors' APIs that is served. Its name is
// unique among all products.
type Operation struct {
	Name    string
	Product APIProduct
	Writes  bool // orders, changes or deletes something
}

// Operations are all operations, in the order of the documents.
var Operations = []Operation{
	{"CreateStorage", ProductWebPlus, true},
	{"DescribeStorage", ProductWebPlus, false},
	{"CreatePkgVersion", ProductWebPlus, true},
	{"DescribePkgVersions", ProductWebPlus, false},
	{"DeletePkgVersion", ProductWebPlus, true},
	{"CreateApplication", ProductWebPlus, true},
	{"DescribeApplications", ProductWebPlus, false},
	{"UpdateApplication", ProductWebPlus, true},
	{"DeleteApplication", ProductWebPlus, true},
	{"DescribeCategories", ProductWebPlus, false},

	{"CreateResourcePackage", ProductBSS, true},
	{"DescribeResourcePackageProduct", ProductBSS, false},
	{"GetResourcePackagePrice", ProductBSS, false},
	{"QueryResourcePackageInstances", ProductBSS, false},
	{"RenewResourcePackage", ProductBSS, true},
	{"UpgradeResourcePackage", ProductBSS, true},
	{"QueryProductList", ProductBSS, false},
	{"QueryOrders", ProductBSS, false},
	{"GetOrderDetail", ProductBSS, false},
	{"QueryDPUtilizationDetail", ProductBSS, false},

	{"CreateStore", ProductStores, true},
	{"ListStores", ProductStores, false},
	{"DescribeStore", ProductStores, false},
	{"DeleteStore", ProductStores, true},
	{"ScaleStore", ProductStores, true},
	{"DescribeJob", ProductStores, false},
	{"ListJobs", ProductStores, false},
}

// Changes tells whether the operation of that name changes something; one that
// is not served does not.
func Changes(operation string) bool {
	for _, o := range Operations {
		if o.Name == operation {
			return o.Writes
		}
	}
	return false
}

// inDocumentOrder are the operations of these names, each once and in the order
// of the documents. ok is false when there is a name that no operation has.
func inDocumentOrder(names []string) (sorted []string, ok bool) {
	sorted = []string{} // kept as a list, never as null
	asked := make(map[string]bool, len(names))
	for _, n := range names {
		asked[n] = true
	}
	for _, o := range Operations {
		if asked[o.Name] {
			sorted = append(sorted, o.Name)
		}
	}
	return sorted, len(sorted) == len(asked)
}

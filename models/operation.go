package models

// APIProduct is one of the vendors' products whose operations are served.
type APIProduct string

// The products.
const (
	ProductWebPlus APIProduct = "webplus"
	ProductBSS     APIProduct = "bss"
	ProductStores  APIProduct = "lms"
	ProductOSS     APIProduct = "oss"
)

// Operation is one operation of the vendors' APIs that a key may be limited to.
// Its name is unique among all products.
type Operation struct {
	Name    string
	Product APIProduct
	Writes  bool // orders, changes or deletes something
}

// Operations are the operations that a key may be limited to, in the order in
// which they are shown.
func (db *DB) Operations() []Operation { return db.operations }

// inOrder are the operations of these names, each once and in their order. ok is
// false when there is a name that no operation has.
func (db *DB) inOrder(names []string) (sorted []string, ok bool) {
	sorted = []string{} // kept as a list, never as null
	asked := make(map[string]bool, len(names))
	for _, n := range names {
		asked[n] = true
	}
	for _, o := range db.operations {
		if asked[o.Name] {
			sorted = append(sorted, o.Name)
		}
	}
	return sorted, len(sorted) == len(asked)
}

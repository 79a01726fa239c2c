package views

import (
	"quartermaster/models"
	"quartermaster/views/ui"
)

// SignatureCheck is what the signature checker found out about a request or a
// string to sign.
type SignatureCheck struct {
	Scheme, KeyID string
	Findings      []SignatureFinding
	// Ours is the text that the signature should be made of. Where the scheme
	// signs the hash of a canonical request, it is that request, and Hashed the
	// text with its hash.
	Ours, Hashed string
	Canonical    bool
	// Rows are the lines of Ours, Compared with theirs or alone. Cut says that
	// there are more of them.
	Rows          []SignatureRow
	Compared, Cut bool
	// Line and Character are where the texts differ first, counted from 1; 0
	// when they do not.
	Line, Character int
}

// SignatureFinding is one result, with its words under the key
// "api.found.<Key>".
type SignatureFinding struct {
	Tone ui.Tone
	Key  string
	Args []any
}

// SignatureRow is a line of our text beside theirs. Part is what it is, by the
// key "api.part.<Part>"; Mark the character at which a pair parts, -1 when it
// does not.
type SignatureRow struct {
	Part, Ours, Theirs string
	Missing, Extra     bool
	Mark               int
}

// SigningExample is a request that was signed here, and what was signed of it.
type SigningExample struct {
	ID, Scheme      string
	Request, Signed string
	Rows            []SignatureRow
	Canonical       bool
	Signature       string
}

// APIGuideProps is what the pages about the APIs show.
type APIGuideProps struct {
	BaseURL    string
	Operations []APIOperation
	// Administers says that the reader keeps the team's keys.
	Administers   bool
	Examples      []SigningExample
	KeyID, Secret string
}

// APICheckerProps is what the signature checker shows. Keys are those that its
// reader may have compared.
type APICheckerProps struct {
	Form  ui.Form
	Keys  []models.AccessKey
	Check *SignatureCheck
}

// split takes a line apart around the character at its mark.
func split(text string, mark int) (before, at, after string) {
	r := []rune(text)
	if mark < 0 {
		return text, "", ""
	}
	if mark >= len(r) {
		return text, "⏎", ""
	}
	at = string(r[mark])
	switch at {
	case " ":
		at = "·"
	case "\t":
		at = "→"
	}
	return string(r[:mark]), at, string(r[mark+1:])
}

// APIOperation is one operation of the vendors' APIs.
type APIOperation struct {
	Name         string
	Product      models.APIProduct
	Version      string // of the product
	Writes       bool
	Method, Path string
	Schemes      []string
	Params       []APIParam
	// Request and Reply are examples, as JSON; "" when there is none.
	Request, Reply string
	Errors         []APIError
}

// APIParam is a parameter, or a part of one written with a dot. In is "query",
// "body" or "header"; Words the key of what is said of it.
type APIParam struct {
	Name, In, Type, Words string
	Required              bool
	Limits                []APILimit
}

// APILimit is what a value must be, with its words under the key
// "api.limit.<Key>".
type APILimit struct{ Key, Value string }

// APIError is an error that an operation answers, or, Before it, the check of
// the request. Name is what the catalogue knows it by: "api.error.<Name>".
type APIError struct {
	Name, Code, Message string
	Status              int
	Before              bool
}

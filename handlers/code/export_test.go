package code

import (
	"net/url"

	"quartermaster/handlers/api"
)

var documented = NewTable(api.Documented())

// From and Parse are those of the operations that are documented.
func From(name string, form url.Values) Request { return documented.From(name, form) }

func Parse(text, at string) (Request, []Part, error) { return documented.Parse(text, at) }

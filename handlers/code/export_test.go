package code

import "net/url"

// From and Parse are those of the operations that are documented.
func From(name string, form url.Values) Request { return Documented().From(name, form) }

func Parse(text, at string) (Request, []Part, error) { return Documented().Parse(text, at) }

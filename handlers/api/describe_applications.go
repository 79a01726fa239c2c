package api

import (
	"cmp"
	"context"

	"quartermaster/models"
	"quartermaster/models/list"
)

// paged says which page of a list a reply is; TotalCount counts all pages.
type paged struct {
	PageNumber int
	PageSize   int
	TotalCount int64
}

// The limits of a page.
const (
	webPlusPage  = 10
	farthestPage = 1<<31 - 1
)

// pageOf is the page that a call asks for.
func pageOf(c *Call) paged {
	return paged{PageNumber: c.number("PageNumber"), PageSize: c.number("PageSize")}
}

// listedApplication is an application in a list. There are no environments
// here, so their numbers are always 0.
type listedApplication struct {
	application
	TotalEnvs      int
	RunningEnvs    int
	TerminatedEnvs int
}

type applicationsReply struct {
	webPlusOK
	paged
	Applications struct{ Application []listedApplication }
}

func describeApplications() Operation {
	return Operation{
		Name: "DescribeApplications", Product: WebPlus(), Method: "GET", Path: "/pop/v1/wam/application", Run: (*Server).DescribeApplications,
		Params: append([]Param{
			{Name: "AppId"}, {Name: "AppName"}, {Name: "AppSearch"}, {Name: "CategorySearch"}, {Name: "StackSearch"}, {Name: "EnvSearch"},
		}, webPlusPages...),
		Errors: []*Error{parameterValidationFailed},
	}
}

// DescribeApplications lists the team's applications of the region, newest
// first. A search for a stack or an environment finds none.
func (a *Server) DescribeApplications(ctx context.Context, c *Call) (any, error) {
	r := &applicationsReply{paged: pageOf(c)}
	var found []models.App
	if c.Params.Get("StackSearch") == "" && c.Params.Get("EnvSearch") == "" {
		category := c.Params.Get("CategorySearch")
		q := list.With("region", c.Region, "id", c.Params.Get("AppId"), "name", c.Params.Get("AppName"), "category_has", category)
		q.Text = cmp.Or(c.Params.Get("AppSearch"), category)
		var err error
		if found, r.TotalCount, err = models.Apps.Numbered(ctx, a.DB, c.By, q, r.PageNumber, r.PageSize, list.Unknown); err != nil {
			return nil, err
		}
	}
	r.Applications.Application = make([]listedApplication, len(found))
	for i := range found {
		r.Applications.Application[i].application = newApplication(&found[i])
	}
	return r, nil
}

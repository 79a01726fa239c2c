package api

import (
	"context"
	"strconv"
)

// category is a kind of application as Web+ shows it; every value is a text.
type category struct {
	CategoryID          string `json:"CategoryId" xml:"CategoryId"`
	CategoryName        string
	CategoryDescription string
	CategoryLogo        string `xml:",omitempty"`
	CreateTime          string
	UpdateTime          string
	DemoProjects        struct{ DemoProject []struct{} }
}

type categoriesReply struct {
	webPlusOK
	Categories struct{ Category []category }
}

func describeCategories() Operation {
	return Operation{
		Name: "DescribeCategories", Product: WebPlus(), Method: "GET", Path: "/pop/v1/wam/category", Run: (*Server).DescribeCategories,
	}
}

// DescribeCategories lists the kinds of application. They belong to the
// catalogue and have neither dates nor logos nor demonstrations.
func (a *Server) DescribeCategories(ctx context.Context, _ *Call) (any, error) {
	found, err := a.DB.ListCategories(ctx)
	if err != nil {
		return nil, err
	}
	r := &categoriesReply{}
	r.Categories.Category = make([]category, len(found))
	for i, f := range found {
		k := category{CategoryID: strconv.Itoa(f.Position + 1), CategoryName: f.Name, CategoryDescription: f.EN, CreateTime: "0", UpdateTime: "0"}
		k.DemoProjects.DemoProject = []struct{}{}
		r.Categories.Category[i] = k
	}
	return r, nil
}

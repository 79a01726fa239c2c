package api

import (
	"context"
	"strconv"
)

// category is a kind of application as Web+ shows it. Its times are texts, and
// there are no demo projects here.
type category struct {
	CategoryID          string `json:"CategoryId" xml:"CategoryId"`
	CategoryName        string
	CategoryDescription string
	CategoryLogo        string
	CreateTime          string
	UpdateTime          string
	DemoProjects        struct {
		DemoProject []struct{} `json:"DemoProject" xml:"DemoProject"`
	}
}

type categoriesReply struct {
	webPlusOK
	Categories struct {
		Category []category `xml:"Category"`
	}
}

// DescribeCategories lists the kinds of application.
func (a WebPlus) DescribeCategories(ctx context.Context, _ *Call) (any, error) {
	all, err := a.DB.ListCategories(ctx)
	if err != nil {
		return nil, err
	}
	reply := &categoriesReply{}
	reply.Categories.Category = make([]category, len(all))
	for i, k := range all {
		shown := category{CategoryID: strconv.Itoa(k.Position + 1), CategoryName: k.Name, CategoryDescription: k.EN}
		shown.DemoProjects.DemoProject = []struct{}{}
		reply.Categories.Category[i] = shown
	}
	return reply, nil
}

package api

import (
	"context"
	"fmt"
	"slices"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// These are the types of a product as the documents nest them: each list stands
// in an object of its own.
type (
	packageProduct struct {
		ProductCode  string
		ProductType  string
		Name         string
		PackageTypes struct {
			PackageType []packageType `xml:"PackageType"`
		}
	}
	packageType struct {
		Code       string
		Name       string
		Properties struct {
			Property []packageProperty `xml:"Property"`
		}
		Specifications struct {
			Specification []packageSpecification `xml:"Specification"`
		}
	}
	packageProperty struct {
		Name  string
		Value string
	}
	packageSpecification struct {
		Name               string
		Value              string
		AvailableDurations struct {
			AvailableDuration []packageDuration `xml:"AvailableDuration"`
		}
	}
	packageDuration struct {
		Value int
		Name  string
		Unit  string
	}
	packageProductReply struct {
		bssOK
		Data struct {
			ResourcePackages struct {
				ResourcePackage []packageProduct `xml:"ResourcePackage"`
			}
		}
	}
)

func describeResourcePackageProduct() Operation {
	return Operation{
		Name: "DescribeResourcePackageProduct", Product: BSS(), Method: "POST", Path: "/", Run: (*Server).DescribeResourcePackageProduct,
		Params: []Param{{Name: "ProductCode", Required: true}},
		Errors: []*Error{productNotFind},
	}
}

// DescribeResourcePackageProduct tells what of a product can be bought: its
// types that are on sale, their sizes and terms.
func (a *Server) DescribeResourcePackageProduct(ctx context.Context, c *Call) (any, error) {
	products, err := a.DB.ListProducts(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(products, func(p models.Product) bool { return p.Code == c.Params.Get("ProductCode") && !p.Off })
	if i < 0 {
		return nil, productNotFind
	}
	types, err := a.DB.ListPackageTypes(ctx, products[i].Code)
	if err != nil {
		return nil, err
	}
	shown := packageProduct{ProductCode: products[i].Code, ProductType: products[i].Type, Name: products[i].EN}
	shown.PackageTypes.PackageType = []packageType{}
	for _, t := range types {
		if !t.OnSale {
			continue
		}
		specs, err := a.DB.ListSpecifications(ctx, t.Code)
		if err != nil {
			return nil, err
		}
		specs = slices.DeleteFunc(specs, func(s models.Specification) bool { return s.Off })
		shown.PackageTypes.PackageType = append(shown.PackageTypes.PackageType, newPackageType(t, specs))
	}
	reply := &packageProductReply{}
	reply.Data.ResourcePackages.ResourcePackage = []packageProduct{shown}
	return reply, nil
}

func newPackageType(t models.PackageType, specs []models.Specification) packageType {
	out := packageType{Code: t.Code, Name: t.EN}
	out.Properties.Property = []packageProperty{{"region", t.Region}}
	out.Specifications.Specification = make([]packageSpecification, len(specs))
	for i, s := range specs {
		shown := &out.Specifications.Specification[i]
		shown.Name, shown.Value = s.Name, s.Value
		for _, months := range s.Months {
			shown.AvailableDurations.AvailableDuration = append(shown.AvailableDurations.AvailableDuration, newDuration(months))
		}
	}
	return out
}

// newDuration is a term as it can be ordered, in years where they are whole.
func newDuration(months int) packageDuration {
	n, unit := months, pricing.Monthly
	if months%12 == 0 {
		n, unit = months/12, pricing.Yearly
	}
	return packageDuration{Value: n, Name: fmt.Sprint(n, " ", unit), Unit: string(unit)}
}

package demo

import (
	"context"
	"fmt"
	"time"

	"quartermaster/models"
)

// keys gives the team an access key that a script seems to have used every night, and a
// little while ago. Nobody knows its secret, so nobody can sign with it.
func (y *year) keys(ctx context.Context) error {
	admin, requester := y.people[0], y.people[2]
	y.clock.set(24, 9)
	k, _, err := y.db.CreateAccessKey(ctx, admin, models.AccessKeyInput{
		Name: "nightly backup · 每夜备份", User: requester.UserID, Days: 365,
		Operations: []string{"CreateStorage", "QueryResourcePackageInstances", "GetResourcePackagePrice", "ListStores", "CreateStore"},
	})
	if err != nil {
		return fmt.Errorf("sample access key: %w", err)
	}
	y.clock.reset()
	calls := []models.Call{
		{Product: models.ProductWebPlus, Operation: "CreateStorage", Status: 200, TookMicros: 21_400},
		{Product: models.ProductBSS, Operation: "GetResourcePackagePrice", Status: 200, TookMicros: 6_100},
		{Product: models.ProductStores, Operation: "CreateStore", Status: 400, Code: "LMS.10001005", TookMicros: 4_900},
		{Product: models.ProductBSS, Operation: "RenewResourcePackage", Status: 403, Code: "NotAuthorized", TookMicros: 2_300},
		{Product: models.ProductStores, Operation: "ListStores", Status: 200, TookMicros: 5_200},
	}
	for i := range calls {
		calls[i].At = y.db.Now().Add(time.Duration(i-60) * time.Minute)
	}
	for night := range 23 {
		c := models.Call{Product: models.ProductStores, Operation: "ListStores", Status: 200, TookMicros: 5_400, At: y.db.Now().AddDate(0, 0, night-23)}
		for range 2 + night%3 {
			calls = append(calls, c)
		}
		if night%8 == 5 {
			c.Operation, c.Status, c.Code = "CreateStore", 400, "LMS.10001005"
			calls = append(calls, c)
		}
	}
	for i, c := range calls {
		c.KeyID, c.TeamID = k.ID, k.TeamID
		c.RequestID, c.Address, c.Agent = fmt.Sprintf("demo-%032d", i+1), "192.0.2.24", "AlibabaCloud (linux; amd64) Golang/1.26.0 Core/1.63.107"
		if c.Product == models.ProductStores {
			c.Agent = "huaweicloud-usdk-go/3.0"
		}
		y.db.NoteCall(c)
	}
	return y.db.FlushCalls(ctx)
}

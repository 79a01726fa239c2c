package api_test

import (
	"net/http"
	"strings"
	"testing"

	"quartermaster/handlers"
	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// withoutTables is a server from whose database tables were taken away.
func withoutTables(t testing.TB, tables ...string) *desk {
	t.Helper()
	o := modelstest.Choose(t, models.Options{})
	d := openWith(t, o, 0)
	for _, table := range tables {
		modelstest.Exec(t, o, "ALTER TABLE "+table+" RENAME TO "+table+"_away")
	}
	return d
}

func TestFaultIsToldByEveryOperationThatReadsPlans(t *testing.T) {
	t.Parallel()
	d := withoutTables(t, "products", "package_types", "specifications", "plans", "orders", "plan_deductions", "counters")
	spec := given{"ProductCode": "ossbag", "PackageType": "FPT_ossbag_absolute_Storage_sh", "Specification": "40", "Duration": "6"}
	for operation, in := range map[string]given{
		"DescribeResourcePackageProduct": {"ProductCode": "ossbag"},
		"GetResourcePackagePrice":        spec,
		"QueryResourcePackageInstances":  nil,
		"QueryProductList":               {"PageNum": "1"},
		"QueryOrders":                    nil,
		"GetOrderDetail":                 {"OrderId": "202407022550621"},
		"QueryDPUtilizationDetail":       {"StartTime": "2026-01-01 00:00:00", "EndTime": "2026-01-02 00:00:00", "IncludeShare": "false"},
	} {
		for _, w := range bssWays {
			if a := w.refuses(t, d, d.Key, operation, in, "InternalError"); strings.Contains(a.Message, "table") {
				t.Errorf("%s: got %q, which tells of the database", operation, a.Message)
			}
		}
	}
}

func TestFaultIsToldByEveryOperationOnStores(t *testing.T) {
	t.Parallel()
	d := withoutTables(t, "stores", "jobs")
	for operation, in := range map[string]body{
		"CreateStore":   sampleStore(t),
		"ListStores":    {},
		"DescribeStore": {"store_name": "test-storename"},
		"DeleteStore":   {"store_name": "test-storename"},
		"ScaleStore":    {"store_name": "test-storename", "cu_num": 3},
		"DescribeJob":   {"job_id": "0198a3c2-0000-7000-8000-000000000000"},
		"ListJobs":      {},
	} {
		for _, w := range storesWays {
			covers(t, operation, "error LMS.00000001", w.client)
			if a := w.call(t, d, d.Key, operation, in, nil); a.Status != http.StatusInternalServerError || a.Code != "LMS.00000001" || a.Message != "Internal error" {
				t.Errorf("%s: got %d %s %q, want 500 LMS.00000001 Internal error", operation, a.Status, a.Code, a.Message)
			}
		}
	}
}

// TestAServerThatStopsIsBusy calls on while the database is closed already.
func TestAServerThatStopsIsBusy(t *testing.T) {
	t.Parallel()
	db, err := models.Open(t.Context(), modelstest.Choose(t, models.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	d := serveAs(t, db, func(*handlers.Config) {})
	for _, w := range storesWays {
		w.call(t, d, d.Key, "ListStores", nil, nil) // issues its token
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, operation := range storeOperations {
		for _, w := range storesWays {
			covers(t, operation, "error LMS.00000001.Busy", w.client)
			if a := w.call(t, d, d.Key, operation, nil, nil); a.Status != http.StatusServiceUnavailable || a.Code != "LMS.00000001" {
				t.Errorf("%s: got %d %s, want 503 LMS.00000001", operation, a.Status, a.Code)
			}
		}
	}
	for operation := range sdkCalls {
		for _, w := range ways {
			covers(t, "webplus", "error ServiceUnavailable", w.client)
			if o := w.call(t, d, d.Key, operation, p()); o.Status != http.StatusServiceUnavailable || o.Code != "ServiceUnavailable" {
				t.Errorf("%s: got %d %s, want 503 ServiceUnavailable", operation, o.Status, o.Code)
			}
		}
	}
	for operation := range bssRequests {
		for _, w := range bssWays {
			covers(t, "bss", "error ServiceUnavailable", w.client)
			w.refuses(t, d, d.Key, operation, nil, "ServiceUnavailable")
		}
	}
}

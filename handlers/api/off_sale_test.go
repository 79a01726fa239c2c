package api_test

import (
	"net/http"
	"testing"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// takeOff takes a thing of the catalogue off sale.
func takeOff(t testing.TB, d *desk, sort models.Sort, id string) {
	t.Helper()
	by := d.Team.Admin
	by.SiteAdmin = true
	if err := d.DB.SetThingOff(t.Context(), by.ForSite(), sort, id, true); err != nil {
		t.Fatal(err)
	}
}

func TestAPlanThatIsOffSaleIsNotUpgraded(t *testing.T) {
	eachBSS(t, func(t *testing.T, d *desk, w bssWay) {
		in := given{"ProductCode": "ossbag", "PackageType": "FPT_ossbag_absolute_Storage_sh", "Specification": "40", "Duration": "6", "PricingCycle": "Month", "OwnerId": d.Team.ID}
		id := w.succeeds(t, d, "CreateResourcePackage", in).field("Data.InstanceId")
		takeOff(t, d, models.SortType, "FPT_ossbag_absolute_Storage_sh")
		w.refuses(t, d, d.Key, "UpgradeResourcePackage", given{"InstanceId": id, "Specification": "100", "OwnerId": d.Team.ID}, "PackageTypeNotSupported")
	})
}

func TestAStoreThatIsOffSaleIsOnlyScaledIn(t *testing.T) {
	t.Parallel()
	for _, w := range storesWays {
		t.Run(w.client, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			in := namedStore(t, "handbook")
			in["flavor"] = body{"cu": "xlarge", "num": 2}
			if a := w.call(t, d, d.Key, "CreateStore", in, nil); a.Status != http.StatusOK {
				t.Fatalf("got %s", a.Code)
			}
			modelstest.Work(t, d.DB)
			takeOff(t, d, models.SortFlavor, "xlarge")
			if a := w.call(t, d, d.Key, "ScaleStore", body{"store_name": "handbook", "cu_num": 3}, nil); a.Status != http.StatusBadRequest || a.Code != "LMS.00001024" {
				t.Errorf("out: got %d %s, want 400 LMS.00001024", a.Status, a.Code)
			}
			if a := w.call(t, d, d.Key, "ScaleStore", body{"store_name": "handbook", "cu_num": 1, "action": "SCALE_IN"}, nil); a.Status != http.StatusOK {
				t.Errorf("in: got %d %s", a.Status, a.Code)
			}
		})
	}
}

package demo

import (
	"strings"

	"quartermaster/models"
	"quartermaster/models/pricing"
)

// The package types that the sample team buys.
const (
	shanghai = "FPT_ossbag_absolute_Storage_sh"
	beijing  = "FPT_ossbag_absolute_Storage_bj"
	hangzhou = "FPT_ossbag_absolute_Storage_hz"
	shenzhen = "FPT_ossbag_absolute_Storage_sz"
	mainland = "FPT_ossbag_absolute_Storage_china_common"
	archived = "FPT_ossbag_absolute_StorageArchive_china_common"
	outbound = "FPT_ossbag_periodMonthlyAcc_NetworkOut_china_common"
	origin   = "FPT_ossbag_deadlineAcc_CdnOut_common_sz"
	cdn      = "FPT_cdnbag_deadlineAcc_NetworkOut_china_common"
)

const (
	ccData = "CC-2100 数据平台"
	ccShop = "CC-3300 电商"
	ccLaw  = "CC-1100 法务"
)

// days is what happens in the sample year.
func days() []day {
	scheduled := plan(mainland, "1024", "1", pricing.Yearly)
	return append([]day{
		order(362, admin, ccData, "平台上线 First buckets of the platform",
			bucket("starlight-artifacts", "cn-hangzhou", "构建产物，发布流水线写入", "ci, release", 200),
			bucket("starlight-backups", "cn-shanghai", "Nightly database dumps, kept for 90 days", "backup", 500)),
		order(360, requester, ccData, "数据库每日备份", plan(shanghai, "100", "1", pricing.Yearly)),
		order(345, requester, ccData, "", bucket("contracts-scan", "cn-beijing", "合同与发票扫描件", "legal, 归档", 0)),
		order(344, approver, ccLaw, "合同扫描件归档", plan(archived, "100", "12", pricing.Monthly)),
		order(330, requester, ccShop, "Peak season traffic", plan(outbound, "500", "6", pricing.Monthly), plan(origin, "1024", "6", pricing.Monthly)),
		app(326, requester, "结算服务 checkout-api", "cn-hangzhou", "Java", "下单、支付与对账 Orders, payment and reconciliation"),
		app(325, requester, "portal-web", "cn-hangzhou", "Tomcat", "Customer portal"),
		app(300, approver, "报表中心", "cn-shanghai", "Java", "经营报表与自助查询"),
		app(220, requester, "search-indexer", "cn-beijing", "Go", "Indexes documents for the knowledge stores"),
		app(40, admin, "iot-gateway", "cn-shenzhen", "Native", ""),
		files(324, requester, "starlight-artifacts", map[string][]byte{
			"checkout-api/1.0.0/checkout-api.jar": jar("com.starlight.checkout.Main", "1.0.0"),
			"checkout-api/1.4.2/checkout-api.jar": jar("com.starlight.checkout.Main", "1.4.2"),
			"checkout-api/2.0.0/checkout-api.jar": jar("com.starlight.checkout.Main", "2.0.0"),
			"portal-web/3.1/portal.war":           war("portal-web", "3.1"),
			"portal-web/3.2/portal.war":           war("portal-web", "3.2"),
			"portal-web/3.2/portal-broken.zip":    []byte("PK\x03\x04 this upload was cut off"),
			"search-indexer/0.9.3/indexer.zip":    archive(map[string]string{"bin/indexer": strings.Repeat("\x7fELF indexer", 900), "conf/索引.yaml": "batch: 500\n"}),
			"README.md":                           []byte("# Artifacts\n\nWritten by the release pipeline. 请勿手工修改。\n"),
		}),
		files(320, approver, "contracts-scan", map[string][]byte{
			"2026/一季度/采购合同-华东区.txt":         []byte("采购合同（样例）\n甲方：星河数据科技有限公司\n"),
			"2026/一季度/服务协议 (终稿).txt":        []byte("服务协议（样例）\n"),
			"2026/Q2/lease agreement.txt":   []byte("Lease agreement (sample)\n"),
			"发票/2026-03/增值税发票清单.csv":        []byte("号码,金额\n00012345,1260.00\n"),
			"notes about ..and dots../a.md": []byte("Dots in a key are text.\n"),
		}),
		files(318, requester, "starlight-backups", map[string][]byte{
			"orders/2026-01-05.sql.zip":  archive(map[string]string{"orders.sql": strings.Repeat("INSERT INTO orders VALUES (1, 'sample');\n", 500)}),
			"orders/2026-01-06.sql.zip":  archive(map[string]string{"orders.sql": strings.Repeat("INSERT INTO orders VALUES (2, 'sample');\n", 510)}),
			"billing/2026-01-05.sql.zip": archive(map[string]string{"billing.sql": strings.Repeat("INSERT INTO bills VALUES (1, 'sample');\n", 300)}),
		}),
		version(322, requester, "结算服务 checkout-api", "1.0.0", "首个生产版本", "oss://starlight-artifacts/checkout-api/1.0.0/checkout-api.jar"),
		version(310, requester, "portal-web", "3.1", "", "oss://starlight-artifacts/portal-web/3.1/portal.war"),
		store(305, approver, ccLaw, "合同检索", aStore("kb-legal-contracts", "cn-north-4", "2xlarge", 2, "ab", "合同与法规知识库"), "NORMAL"),
		order(290, requester, ccData, "", plan(beijing, "40", "6", pricing.Monthly)),
		order(275, requester, ccData, "", bucket("ml-datasets", "cn-shanghai", "标注数据与训练集", "ml, 训练", 1024)),
		order(270, approver, ccData, "训练数据扩容", plan(shanghai, "500", "6", pricing.Monthly)),
		version(262, requester, "结算服务 checkout-api", "1.4.2", "修复对账时区问题", "oss://starlight-artifacts/checkout-api/1.4.2/checkout-api.jar"),
		order(245, requester, ccShop, "618 大促 Mid-year sale", plan(cdn, "1024", "6", pricing.Monthly)),
		store(240, requester, ccShop, "客服知识库", prepaid(aStore("kb-support-macros", "cn-north-7", "xlarge", 3, "ac", "客服话术与常见问题 Support macros"), pricing.Year, 1), "NORMAL"),
		order(215, requester, ccData, "", bucket("iot-telemetry", "cn-shenzhen", "Device telemetry, raw", "iot", 300)),
		order(212, requester, ccData, "设备遥测", plan(shenzhen, "100", "1", pricing.Yearly)),
		version(205, requester, "search-indexer", "0.9.3-rc.1", "Release candidate", "oss://starlight-artifacts/search-indexer/0.9.3/indexer.zip"),
		order(182, admin, ccData, "年中扩容，覆盖四个地域 Mid-year growth in four regions",
			plan(shanghai, "1024", "12", pricing.Monthly), plan(beijing, "500", "12", pricing.Monthly),
			plan(hangzhou, "500", "12", pricing.Monthly), plan(shenzhen, "500", "12", pricing.Monthly)),
		version(175, requester, "portal-web", "3.2", "新版登录页", "oss://starlight-artifacts/portal-web/3.2/portal.war"),
		version(174, requester, "portal-web", "3.2-hotfix", "Upload was cut off", "oss://starlight-artifacts/portal-web/3.2/portal-broken.zip"),
		order(162, requester, ccShop, "", plan(outbound, "2048", "6", pricing.Monthly)),
		order(158, approver, ccData, "", plan(hangzhou, "1024", "6", pricing.Monthly)),
		store(150, requester, ccData, "", aStore("kb-engineering-wiki", "cn-south-1", "4xlarge", 2, "abc", "研发文档"), "FROZEN"),
		store(140, approver, ccData, "", aStore("kb-market-research", "cn-east-3", "xlarge", 1, "b", ""), "ABNORMAL"),
		order(120, requester, ccShop, "双十一准备 Preparing for the autumn sale",
			plan(cdn, "10240", "6", pricing.Monthly), plan(outbound, "500", "6", pricing.Monthly), plan(origin, "1024", "12", pricing.Monthly)),
		store(110, requester, ccData, "", aStore("kb-device-manuals", "cn-southwest-2", "xlarge", 2, "ab", "设备手册与维修记录"), "DISK_FULL"),
		order(95, requester, ccData, "", bucket("quarterly-reports", "cn-shanghai", "经营季报与附件", "finance", 20)),
		files(94, requester, "quarterly-reports", map[string][]byte{
			"2026/三季度/经营季报.csv": []byte("\ufeff月份,收入,成本\n2026-07,1260000,830000\n2026-08,1310000,845000\n2026-09,1402000,871000\n"),
			"2026/Q3/report.md": []byte("# Q3 report\n\nRevenue grew by 11 %.\n"),
		}),
		version(80, requester, "结算服务 checkout-api", "2.0.0", "重构支付渠道，支持多币种", "oss://starlight-artifacts/checkout-api/2.0.0/checkout-api.jar"),
		version(75, approver, "报表中心", "2026.09", "来自合作方的交付包", "oss://partner-deliveries/reporting/2026.09/reporting.war"),
		order(70, approver, ccData, "", plan(mainland, "10240", "3", pricing.Yearly)),
		order(55, requester, ccLaw, "", plan(beijing, "100", "1", pricing.Monthly)),
		store(48, requester, ccShop, "", aStore("kb-product-faq", "cn-north-7", "xlarge", 1, "a", "商品问答"), "DELETE_FAILED"),
		order(28, requester, ccData, "季度数据整理", plan(shanghai, "40", "1", pricing.Monthly)),
		order(26, requester, ccShop, "", plan(cdn, "100", "6", pricing.Monthly)),
		store(22, approver, ccLaw, "招投标资料", prepaid(aStore("kb-tender-archive", "cn-north-4", "xlarge", 2, "bc", "招投标资料库"), pricing.Month, 1), "NORMAL"),
		order(15, requester, ccData, "跨部门项目 Atlas：一次申请全部存储", atlas()...),
		store(9, requester, ccData, "", aStore("kb-onboarding", "cn-north-4", "xlarge", 1, "a", "新人指南"), "DROPPING"),
		order(4, requester, ccData, "明年的主存储", later(scheduled, 20)),
		store(2, requester, ccData, "", aStore("kb-incident-reviews", "cn-east-3", "2xlarge", 1, "ac", "故障复盘"), "CREATED_FAILED"),
		unchecked(1, requester, "iot-gateway", "1.0.0-beta", "oss://starlight-artifacts/search-indexer/0.9.3/indexer.zip"),
		store(0, requester, ccData, "", aStore("kb-release-notes", "cn-north-4", "xlarge", 1, "ab", "发布说明 Release notes"), "CREATING"),
		exhausted(26),
		rules(1,
			models.RuleInput{Kinds: []string{"bucket", "version"}},
			models.RuleInput{Kinds: []string{"plan", "store"}, Over: "5,000", Step1: "approver", Step2: "admin"},
			models.RuleInput{Faces: []string{"api"}, Step1: "approver"}),
		order(1, requester, ccShop, "年终大促的 CDN 流量，按去年峰值估算。", plan(cdn, "10240", "6", pricing.Monthly)),
		order(0, approver, ccLaw, "合同扫描件归档 Scanned contracts", plan(archived, "1024", "3", pricing.Yearly)),
	}, frames()...)
}

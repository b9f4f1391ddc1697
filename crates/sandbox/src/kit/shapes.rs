//! Bodies as the marketplace may well send them: unsorted, with blanks, nulls and escapes.

use super::Interface;

/// A body, as it is sent in V2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// What is peculiar to it.
    pub name: &'static str,
    /// The interface that it is for.
    pub interface: Interface,
    /// The body of a real call.
    pub body: &'static str,
}

impl Shape {
    /// The body of a debugging call.
    pub fn as_test(&self) -> String {
        let body = self.body.replace(r#""testFlag":0"#, r#""testFlag":1"#);
        body.replace(r#""testFlag": 0"#, r#""testFlag": 1"#)
    }
}

/// One of each.
pub const SHAPES: [Shape; 5] = [
    Shape {
        name: "blanks between members",
        interface: Interface::TenantSync,
        body: r#"{"instanceId": "huaiweitest123456","orderId": "CS1906666666ABCDE","tenantId": "68cbc86abcdef01234567880d92f36422","tenantCode": "huawei","name": "huaiweitest","domainName": "https://example.tenantaccount.com","flag": 1,"testFlag": 0,"timeStamp": "20220413093539534"}"#,
    },
    Shape {
        name: "a null, an empty text, and Chinese",
        interface: Interface::TenantSync,
        body: r#"{"instanceId":null,"orderId":"","tenantId":"t-0001","tenantCode":"demo","name":"示例企业/一部","domainName":"https://demo.example.com","flag":2,"testFlag":1,"timeStamp":"20240102030405678"}"#,
    },
    Shape {
        name: "members nested in another order",
        interface: Interface::AuthSync,
        body: r#"{"instanceId":"inst-1","tenantId":"t-0001","appId":"app-9","userList":[{"userName":"zhangsan01","name":"张三","orgCode":"10000","role":"admin","enable":"true","position":"系统管理员","email":null,"employeeType":1},{"userName":"lisi02","name":"李四","orgCode":"10001","role":"user","enable":"false"}],"currentSyncTime":"20240102030405678","flag":1,"testFlag":0,"timeStamp":"20240102030405678"}"#,
    },
    Shape {
        name: "a list as a text with bare names",
        interface: Interface::AllOrgSync,
        body: r#"{"instanceId":"inst-1","tenantId":"t-0001","orgInfoList":"[{orgCode:\"00000001\", orgName:\"产品部\", parentCode:\"265789314\" },{orgCode:\"00000002\", orgName:\"测试部\", parentCode:\"265789314\" }]","flag":1,"testFlag":0,"timeStamp":"20220413093539534"}"#,
    },
    Shape {
        name: "escaped characters",
        interface: Interface::SingleOrgSync,
        body: r#"{"instanceId":"inst-1","tenantId":"t-0001","orgCode":"10000","orgName":"R\u0026D\t\u001f\/\u2028\u007f\"x\\","parentCode":"","flag":1,"testFlag":0,"timeStamp":"20220413093539534"}"#,
    },
];

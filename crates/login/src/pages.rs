//! What a browser is shown when a login did not come about: what happened and what to do, in
//! Chinese and in English. Nothing that came from outside stands in a page.

use crate::trouble::Remedy;

/// A page that says what a user can do. `start_url` is where a login begins, and `code` is ours, for
/// whoever is asked for help.
pub(crate) fn trouble(start_url: Option<&str>, remedy: Remedy, code: &str) -> String {
    let (chinese, english) = remedy.words();
    let again = match start_url {
        Some(url) if remedy.may_start_again() => {
            let url = url.replace('&', "&amp;").replace('"', "&quot;");
            format!("<p><a href=\"{url}\">重新登录 · Log in again</a></p>\n")
        },
        Some(_) | None => String::new(),
    };
    format!(
        "<!DOCTYPE html>\n\
         <html lang=\"zh-CN\">\n\
         <head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>登录失败 · Login failed</title></head>\n\
         <body>\n\
         <h1>登录失败 · Login failed</h1>\n\
         <p>{chinese}</p>\n\
         <p lang=\"en\">{english}</p>\n\
         {again}\
         <p><small><code>{code}</code></small></p>\n\
         </body>\n\
         </html>\n"
    )
}

impl Remedy {
    fn may_start_again(self) -> bool {
        match self {
            Self::StartAgain | Self::Later | Self::AskToAuthorise => true,
            Self::AskToBind | Self::AskAboutInstance | Self::AskMerchant => false,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::StartAgain => (
                "本次登录已失效或未完成,请重新登录。",
                "This login was not completed or is no longer valid. Please log in again.",
            ),
            Self::Later => (
                "服务暂时不可用,请稍后重新登录。",
                "The service is not available right now. Please log in again in a few minutes.",
            ),
            Self::AskToBind => (
                "您的企业尚未绑定此应用,请联系企业管理员在云商店为企业绑定该应用。",
                "Your organisation is not bound to this application. Please ask your administrator \
                 to bind the application in the marketplace.",
            ),
            Self::AskToAuthorise => (
                "您的账号未获得此应用的使用授权,请联系企业管理员授权后重新登录。",
                "Your account is not authorised to use this application. Please ask your \
                 administrator to authorise you, then log in again.",
            ),
            Self::AskAboutInstance => (
                "您的企业对此应用的订购已冻结、到期或释放,请联系企业管理员。",
                "Your organisation's subscription to this application is suspended or has ended. \
                 Please ask your administrator.",
            ),
            Self::AskMerchant => (
                "登录服务的配置有误,请将下方代码告知应用提供商。",
                "The login is not set up correctly. Please tell the code below to the provider of \
                 the application.",
            ),
        }
    }
}

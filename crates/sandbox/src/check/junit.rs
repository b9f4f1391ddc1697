//! A report as `JUnit` XML, which build servers read.

use std::fmt::{self, Write as _};

use super::Subject;
use super::report::{CaseReport, Outcome, Report, WHY_NOT_RUN};

/// A report, displayed as `JUnit` XML: one suite, one test case for each case.
#[derive(Debug, Clone, Copy)]
pub struct Junit<'a>(&'a Report);

impl Report {
    /// The report as `JUnit` XML.
    pub fn junit(&self) -> Junit<'_> {
        Junit(self)
    }
}

impl fmt::Display for Junit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            family,
            url,
            cases,
            not_run,
        } = self.0;
        let elapsed_ms = cases.iter().map(|case| case.elapsed_ms).sum();
        let (failures, skipped, time) = (
            self.0.failures().count(),
            not_run.len(),
            Seconds(elapsed_ms),
        );
        let tests = cases.len() + skipped;
        let counts = format!(r#"tests="{tests}" failures="{failures}" time="{time}""#);
        let url = Escaped(url);
        writeln!(f, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        writeln!(f, r#"<testsuites name="tenure sandbox check" {counts}>"#)?;
        writeln!(
            f,
            r#"  <testsuite name="{family}" {counts} errors="0" skipped="{skipped}">"#
        )?;
        writeln!(f, "    <properties>")?;
        writeln!(f, r#"      <property name="target" value="{url}"/>"#)?;
        writeln!(f, "    </properties>")?;
        for case in cases {
            test_case(f, *family, case)?;
        }
        for name in not_run {
            let name = Escaped(name);
            writeln!(f, r#"    <testcase classname="{family}" name="{name}">"#)?;
            writeln!(f, r#"      <skipped message="{}"/>"#, Escaped(WHY_NOT_RUN))?;
            writeln!(f, "    </testcase>")?;
        }
        writeln!(f, "  </testsuite>")?;
        writeln!(f, "</testsuites>")
    }
}

fn test_case(f: &mut fmt::Formatter<'_>, family: Subject, case: &CaseReport) -> fmt::Result {
    let (name, time) = (Escaped(&case.name), Seconds(case.elapsed_ms));
    write!(
        f,
        r#"    <testcase classname="{family}" name="{name}" time="{time}""#
    )?;
    match case.outcome {
        Outcome::Passed => writeln!(f, "/>"),
        Outcome::Failed => {
            let why = Escaped(case.why.as_deref().unwrap_or_default());
            let expected = Escaped(&case.expectation);
            writeln!(f, ">")?;
            writeln!(
                f,
                r#"      <failure message="{why}">expected: {expected}</failure>"#
            )?;
            writeln!(f, "    </testcase>")
        },
    }
}

/// Milliseconds, written as seconds.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A text between XML's tags or quotes. What XML 1.0 cannot hold at all becomes `U+FFFD`.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                // In an attribute these would be read as blanks.
                '\t' | '\n' | '\r' => write!(f, "&#{};", u32::from(character))?,
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{CaseReport, Escaped, Outcome, Report};
    use crate::check::Family;

    #[test]
    fn what_xml_reads_otherwise_is_escaped() {
        let escaped = Escaped("<a href=\"b\">'&\n\u{1}\u{ffff}字").to_string();
        assert_eq!(
            escaped,
            "&lt;a href=&quot;b&quot;&gt;&apos;&amp;&#10;\u{fffd}\u{fffd}字"
        );
    }

    #[test]
    fn a_report_with_one_of_each() {
        let case = |name: &str, why: Option<&str>| CaseReport {
            name: name.to_owned(),
            expectation: "success".to_owned(),
            outcome: match why {
                Some(_) => Outcome::Failed,
                None => Outcome::Passed,
            },
            why: why.map(str::to_owned),
            result_code: None,
            elapsed_ms: 1002,
        };
        let report = Report {
            family: Family::SaasV1.into(),
            url: "http://127.0.0.1/in?a=1&b=2".to_owned(),
            cases: vec![
                case("good", None),
                case("bad", Some("content type `<none>`")),
            ],
            not_run: vec!["secret".to_owned()],
        };
        assert_eq!(
            report.junit().to_string(),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="tenure sandbox check" tests="3" failures="1" time="2.004">
  <testsuite name="saas-v1" tests="3" failures="1" time="2.004" errors="0" skipped="1">
    <properties>
      <property name="target" value="http://127.0.0.1/in?a=1&amp;b=2"/>
    </properties>
    <testcase classname="saas-v1" name="good" time="1.002"/>
    <testcase classname="saas-v1" name="bad" time="1.002">
      <failure message="content type `&lt;none&gt;`">expected: success</failure>
    </testcase>
    <testcase classname="saas-v1" name="secret">
      <skipped message="they need the merchant&apos;s public key, and none was given"/>
    </testcase>
  </testsuite>
</testsuites>
"#
        );
    }
}

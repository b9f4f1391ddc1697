//! Uploads: the body byte for byte, and what cannot be in one.

use proptest::prelude::*;
use tenure_koogallery::open_api::bounded::Text;
use tenure_koogallery::open_api::upload::{
    self, Boundary, EventId, FILE_BYTES_MAX, FileContent, FileName, Upload, UploadError,
};
use tenure_koogallery::open_api::{Method, OpenApiError, OpenApiRequest};

const BOUNDARY: &str = "tenure-0123456789";

fn boundary() -> Boundary {
    Boundary::parse(BOUNDARY).unwrap()
}

fn file(name: &str, content: &[u8]) -> Upload {
    Upload::File {
        name: FileName::parse(name).unwrap(),
        content: FileContent::new(content.to_vec()).unwrap(),
    }
}

fn characters(text: &str) -> Upload {
    Upload::Characters(Text::parse(text).unwrap())
}

fn request(upload: &Upload) -> Result<OpenApiRequest, UploadError> {
    upload::request(&EventId::parse("EV-1").unwrap(), upload, &boundary())
}

#[track_caller]
fn body(upload: &Upload) -> Vec<u8> {
    request(upload).unwrap().body.unwrap()
}

#[test]
fn a_text_is_one_part() {
    let request = request(&characters("AAAA-\"BBBB\"\nCCCC")).unwrap();
    assert_eq!(request.method, Method::Post);
    assert_eq!(
        request.target(),
        "/api/mkp-openapi-public/global/v1/market-event/EV-1/file"
    );
    assert_eq!(
        request.content_type,
        "multipart/form-data; boundary=tenure-0123456789"
    );
    assert_eq!(
        String::from_utf8(request.body.unwrap()).unwrap(),
        concat!(
            "--tenure-0123456789\r\n",
            "Content-Disposition: form-data; name=\"isvUpdateFileReq\"\r\n",
            "Content-Type: application/json\r\n\r\n",
            r#"{"type":"CHARACTERS","characters":"AAAA-\"BBBB\"\nCCCC"}"#,
            "\r\n--tenure-0123456789--\r\n"
        )
    );
}

#[test]
fn a_file_is_two_parts() {
    assert_eq!(
        String::from_utf8(body(&file("a.lic", b"abc"))).unwrap(),
        concat!(
            "--tenure-0123456789\r\n",
            "Content-Disposition: form-data; name=\"file\"; filename=\"a.lic\"\r\n",
            "Content-Type: application/octet-stream\r\n\r\n",
            "abc\r\n",
            "--tenure-0123456789\r\n",
            "Content-Disposition: form-data; name=\"isvUpdateFileReq\"\r\n",
            "Content-Type: application/json\r\n\r\n",
            r#"{"type":"FILE","sha256":"#,
            r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","#,
            r#""file_name":"a.lic"}"#,
            "\r\n--tenure-0123456789--\r\n"
        )
    );
}

#[test]
fn a_quotation_mark_does_not_end_a_file_name() {
    let body = body(&file(r#"a"; name="x"#, b"abc"));
    let body = String::from_utf8(body).unwrap();
    assert!(
        body.contains("name=\"file\"; filename=\"a%22; name=%22x\"\r\n"),
        "{body}"
    );
    assert!(body.contains(r#""file_name":"a\"; name=\"x"}"#), "{body}");
}

#[test]
fn file_names_are_bounded_and_no_line_or_folder_ends_in_one() {
    assert!(FileName::parse(&"名".repeat(1_024)).is_ok());
    for name in [
        "",
        &"n".repeat(1_025),
        "a\r\nX: y",
        "a\nb",
        "a\0",
        "a\u{85}b",
        "../a",
        "a\\b",
    ] {
        assert_eq!(FileName::parse(name), Err(UploadError::FileName), "{name}");
    }
}

#[test]
fn an_event_id_is_one_segment_of_the_path() {
    assert!(EventId::parse(&"e".repeat(64)).is_ok());
    for id in ["", &"e".repeat(65), "a/b", ".", "..", "a\nb"] {
        assert_eq!(EventId::parse(id), Err(UploadError::EventId), "{id}");
    }
    let strange = EventId::parse("a?b#c%2F\\..").unwrap();
    let request = upload::request(&strange, &characters("x"), &boundary()).unwrap();
    assert_eq!(
        request.target(),
        "/api/mkp-openapi-public/global/v1/market-event/a%3Fb%23c%252F%5C../file"
    );
}

#[test]
fn texts_and_files_are_bounded() {
    assert!(Text::<1024>::parse(&"x".repeat(1_024)).is_ok());
    assert!(Text::<1024>::parse(&"x".repeat(1_025)).is_err());
    let content = |length: usize| FileContent::new(vec![0; length]).map(|_| ());
    assert_eq!(content(0), Err(UploadError::FileSize));
    assert_eq!(content(1), Ok(()));
    assert_eq!(content(FILE_BYTES_MAX), Ok(()));
    assert_eq!(content(FILE_BYTES_MAX + 1), Err(UploadError::FileSize));
}

#[test]
fn a_boundary_has_16_to_70_characters_that_need_no_quotes() {
    for length in [16, 70] {
        assert!(Boundary::parse(&"b".repeat(length)).is_ok(), "{length}");
    }
    for text in [
        &"b".repeat(15),
        &"b".repeat(71),
        "tenure 0123456789",
        "tenure;0123456789",
        "tenure\r\n0123456789",
        "tenure\"0123456789",
    ] {
        assert_eq!(Boundary::parse(text), Err(UploadError::Boundary), "{text}");
    }
}

#[test]
fn a_boundary_that_occurs_anywhere_is_refused() {
    for upload in [
        characters(&format!("x{BOUNDARY}y")),
        file("a.lic", format!("\r\n--{BOUNDARY}--\r\n").as_bytes()),
        file("a.lic", BOUNDARY.as_bytes()),
        file(BOUNDARY, b"abc"),
    ] {
        assert_eq!(request(&upload), Err(UploadError::BoundaryOccurs));
    }
    assert!(request(&file("a.lic", &BOUNDARY.as_bytes()[1..])).is_ok());
}

#[test]
fn an_answer_says_success_or_why_not() {
    let read = |code: &str| {
        let body = format!(r#"{{"error_code":"{code}","error_msg":"text"}}"#);
        upload::read(200, body.as_bytes())
    };
    assert_eq!(read("92020000"), Ok(()));
    assert_eq!(read("MKT.0000"), Ok(()));
    assert_eq!(read("CBC.0151"), Err(OpenApiError::Denied));
}

#[test]
fn no_debug_form_shows_what_is_uploaded() {
    for upload in [characters("AAAA-BBBB"), file("AAAA.lic", b"AAAA-BBBB")] {
        let shown = format!("{upload:?} {:?}", request(&upload));
        assert!(
            !shown.contains("AAAA") && !shown.contains("65, 65"),
            "{shown}"
        );
    }
}

proptest! {
    /// Read as a receiver does: split at the boundary, then at the first empty line.
    #[test]
    fn a_receiver_reads_what_was_uploaded(
        name in "[^\\p{Cc}/\\\\]{1,20}",
        content in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let body = body(&file(&name, &content));
        let delimiter = format!("\r\n--{BOUNDARY}\r\n");
        let start = format!("--{BOUNDARY}\r\n");
        let inside = body.strip_prefix(start.as_bytes()).unwrap();
        let found = |bytes: &[u8], needle: &[u8]| {
            bytes.windows(needle.len()).position(|window| window == needle).unwrap()
        };
        let first = &inside[..found(inside, delimiter.as_bytes())];
        let head = found(first, b"\r\n\r\n");
        prop_assert_eq!(&first[head + 4..], content.as_slice());
        let head = String::from_utf8(first[..head].to_vec()).unwrap();
        prop_assert_eq!(head.lines().count(), 2);
        prop_assert_eq!(head.matches('"').count(), 4);
    }
}

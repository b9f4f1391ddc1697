//! The same call again.

use tenure_sandbox::kit::call::Call;
use tenure_sandbox::kit::signer::{Style, sign};
use tenure_sandbox::kit::{Flag, Version};

use super::{
    KIT_KEY, bind, binding, client, events, grant, member, send, service, signed, told, writer,
};

#[tokio::test]
async fn the_same_call_again_gets_the_same_answer_and_does_nothing() {
    let mut service = service();
    let grant = signed(&service, &grant(&[member("zhangsan01", "张三")]));
    let first = send(&grant).await;
    first.is("000000");
    // Between both, the member loses access: the repeat must not give it back.
    let withdraw = [member("zhangsan01", "张三")];
    let withdraw = writer(Version::V2).auth_sync(&binding(), &withdraw, Flag::Withdraw);
    told(&service, &withdraw).await;
    assert_eq!(send(&grant).await.json, first.json);
    service.restart();
    assert_eq!(send(&grant).await.json, first.json);
    service.kill();
    service.run();
    assert_eq!(send(&grant).await.json, first.json);
    assert_eq!(
        service.verdicts(),
        [
            "applied",
            "applied",
            "already_applied: repeated_call",
            "already_applied: repeated_call",
            "already_applied: repeated_call"
        ]
    );
    assert_eq!(
        events(&service).await,
        ["members_granted", "members_withdrawn"]
    );
}

#[tokio::test]
async fn another_call_with_a_used_nonce_is_turned_away_also_after_a_restart() {
    let mut service = service();
    let stamp = service.stamp();
    let address = service.address("cad-pro");
    let sign = |call: &Call| sign(&address, &KIT_KEY.into(), call, Style::default(), &stamp);
    let bind = bind();
    send(&sign(&bind)).await.is("000000");
    let other = sign(&bind.clone().with("name", "another name"));
    send(&other).await.is("000001");
    service.restart();
    send(&other).await.is("000001");
    send(&sign(&bind)).await.is("000000");
    assert_eq!(
        service.verdicts(),
        [
            "applied",
            "rejected: replayed_nonce",
            "rejected: replayed_nonce",
            "already_applied: repeated_call"
        ]
    );
    assert_eq!(events(&service).await, ["tenant_bound"]);
}

#[tokio::test]
async fn a_test_call_again_is_a_probe_again() {
    let service = service();
    let call = signed(&service, &bind().with("testFlag", 1));
    send(&call).await.is("000000");
    send(&call).await.is("000000");
    assert_eq!(service.verdicts(), ["probe", "probe: repeated_call"]);
}

#[tokio::test]
async fn a_call_that_had_no_effect_is_as_good_as_new() {
    let service = service();
    let wrong = client(&writer(Version::V2), "x").with("clientSecret", "AAAA");
    let wrong = signed(&service, &wrong);
    for _ in 0..2 {
        send(&wrong).await.is("000101");
    }
    assert_eq!(
        service.verdicts(),
        ["rejected: secret_of_another_length"; 2]
    );
}

#[tokio::test]
async fn the_same_call_many_times_at_once_is_one() {
    let service = service();
    let call = signed(&service, &grant(&[member("zhangsan01", "张三")]));
    let all = (0..8).map(|_| {
        let call = call.clone();
        tokio::spawn(async move { send(&call).await })
    });
    for answer in all.collect::<Vec<_>>() {
        answer.await.unwrap().is("000000");
    }
    assert_eq!(events(&service).await, ["members_granted"]);
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let mut service = service();
    for round in 0..5 {
        let call = bind().with("name", format!("name {round}"));
        let call = signed(&service, &call);
        send(&call).await.is("000000");
        service.kill();
        service.run();
        send(&call).await.is("000000");
    }
    assert_eq!(events(&service).await, ["tenant_bound"; 5]);
}

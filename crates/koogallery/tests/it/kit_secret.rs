//! The client secret: cipher texts made with Python's `cryptography`, keys made with it and with
//! OpenSSL for these tests only.

use getrandom::SysRng;
use rsa::Oaep;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PaddingScheme;
use sha1::Sha1;
use sha2::Sha256;
use tenure_koogallery::ResultCode;
use tenure_koogallery::kit::secret::{KeyError, Parameters};
use tenure_koogallery::kit::{Interface, Opened, PrivateKey, SecretError, Verified};

use crate::kit_caller::Call;

const PRIVATE_KEY: &str = "
MIIG/gIBADANBgkqhkiG9w0BAQEFAASCBugwggbkAgEAAoIBgQChGYo5ULPyJvWngopiwf8zIDerxQZCAX/ID6A64+BAvu3e/IPu
khP0aFmvS9hfJaGbTD8XwDMtVpvNUFcM3unQBc3uvqdxA596X7C8yJsb25LAy2YT39qppLps2R1nx5TEGOrw4P5JSlZ3qov+zxVd
p1v6PDpd0Br4E2e3nWyxcu6Svuoy/+n0xvQNBKrhNh9ady0IY4HY59E8AyNSdXIskdM29VtArk6Qkn9Ap0YzKm2JV2tCWfiS/9vm
Xxdtm3L6NR0fKiH4qqZOvbS4L885D3rVIW490s/sFOld6k855Jxu6ZYEcedyTskUZDT167amnW6glNJVkuZtz5GI7KAq0ojTDLR8
PlisxuibmEhV5n4rpuwkJIWlxx2bqvp+Xo4AxMi+zSLvJlsRwelx349oqnlRgmRkPxvwLpxII0UgfG1IlxTMmCgxwk23agp1ufHc
j747ubugiJPTYx2bre3AnvREX/8xj768TBby7Cj53izb16UFdVM2n5w6/d8/lzUCAwEAAQKCAYAj0BKrRSaLmV+Y2ms7IxdBXVMi
60zF1aF7bwXWsZvDqO4mWQpXOcAX4C63ymuSU0JGzL9l30NBO/SswsRnRxLBPNkXzuhYNk74nFck0I+ytLA+Dblmh6gLeGQ9GFLy
JCsNIODxpYLB9jWcqpwujAia5j6LNWJgQogMR/wRlHx6QiuJEcnshnmTAbt1PWljYW285atsJvrRpk8cQTJT/WnhQJWsrQSZL2al
uvtw+v6fFzp8gqOEf43D1/8hilgh9KFTJ/EyRJe3V87B+TPltLj/Ping05D55qISAh5szr45gZjtegBc/t+xUrk/xK0Wtb+7dP0g
/mvaboWK0re/8lQfSM0STGScyGXPcKszGjnfvDH7r2iR4RA48r3Ul6HW6AT8bxCsokeBmpYtBOJNkWq384UbyrSK+tjWWcEm8tSu
5fTZqlHDkOhTE/UBTnqYltg2t13jaUeNUBn7pfQnsrVKYDutULfRTg5RQc/y1W0TEpzDnhGgbSS4gUrhP4G05i0CgcEA3GW5D5zZ
a2vOrIppL6EYmRxiSoClN9JU3O2BzI7WkfSEbtS4MC5V2A4dSrFvqgdXGMVC2ZwkUnA3dibrRHQkYtF6PkektFZam0Mt1Y2WjwOW
P1+VonUmBG8L/VYhxZdEBeUvia5E+gwbJ8UCJbuqoYam3kcpRvxKQb/8Q8oG+49LygfJM+2priN3pXOH0l7hLxg3Zn7sD4CeVjz9
Q+kykdRfWJ7SMv74FDvlaST2m4KHPe3AyEIK2eHX7PEyMFtjAoHBALsfokumezYv0R5PGHRbW2BWdfy63WpyoEO1BhCFC4hCbSsZ
EaXRcm1ZmFPY4srU9Ioox20nTL0bMsz9kBAbJGeboK/W4XoL5faNJ34qqFL3MD/lEsNfvMtgNVXpMhTNndvOV19Gioecz2kHedYU
8+sI0EQJldv+T49+7DHk9e4OgO6gzn0nmwh02zbIzvM+78GX/QFrU5a6+QZvxa4DF8QNcMi+v6DtznPomebiGbT5REQyOreyGBBy
AlKufkbihwKBwBA0vqXiP66Bb+IKD2/8JYXkq2mVChEPu0O/hyLWgfqbgz1vENgiIBfR+d9rKq3S+lmM77x2mckiDUH33Kbc72wA
wT9hH0BPdTwjdXRVg/OiLOMeES+v84qx66zGL5eK5uqUDqnOEa5dQ4XqG51QrlxQPWbszqE0nfU1u8P0UA0hXU5OwkG6QRbX7s1Q
sHUMmvxOiIxV2t/M8lefBnR+6kQE3Ln0e7paOz2ppdXUbPnEYFNybxGKoaehzrHSjoE1xwKBwQC4Ai2Ycsfqyy66vVDw6v16SMuR
kTg2ey26JwMlr49dmOS9YtOF2ebKPTacDUVH7A3k5qDlZ6YAuARGrHnEPMyZzeI/x/DGEXk78CaL3OrVWxppWpwO39BJtfv81WpY
JrI6+jfVCwsivEMBp0ZaDRSnZW1X2o0xXm1iUI93qQ1l4YFMJ3mmfRHpSPBgeSt468Tc/NbhVGdIa+iCOduMeKIgOo9T+K98Ux2X
wX3GG0ToP86vuS0ggtNDKLm8ELdAgXUCgcEAzmFwLiwsgwA0qZ4K5Fop3+WpYsTqCUZ+DrvK+K5pzECOpDDBxoO68A0nqFQHyQpq
LrAH2eiCC1gQa4EKIGkjLoEN40xuzt9Tg4S85K8DuiKt5kKbUR6RqBo3tJz2ySMlXJ7xkQs1lbCVeuqyiAxcGK8ddLeSrSpYv0q8
3Lm74SlSwQ89bzbqrhi+isXqyRIDoZve99FigodYaNQkk+MiM7R0fREyHCkhWRbaeIxmCm/hBBMl4OuxZgXsTY4bRtZh";

const PUBLIC_KEY: &str = "
MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAoRmKOVCz8ib1p4KKYsH/MyA3q8UGQgF/yA+gOuPgQL7t3vyD7pIT9GhZ
r0vYXyWhm0w/F8AzLVabzVBXDN7p0AXN7r6ncQOfel+wvMibG9uSwMtmE9/aqaS6bNkdZ8eUxBjq8OD+SUpWd6qL/s8VXadb+jw6
XdAa+BNnt51ssXLukr7qMv/p9Mb0DQSq4TYfWnctCGOB2OfRPAMjUnVyLJHTNvVbQK5OkJJ/QKdGMyptiVdrQln4kv/b5l8XbZty
+jUdHyoh+KqmTr20uC/POQ961SFuPdLP7BTpXepPOeScbumWBHHnck7JFGQ09eu2pp1uoJTSVZLmbc+RiOygKtKI0wy0fD5YrMbo
m5hIVeZ+K6bsJCSFpccdm6r6fl6OAMTIvs0i7yZbEcHpcd+PaKp5UYJkZD8b8C6cSCNFIHxtSJcUzJgoMcJNt2oKdbnx3I++O7m7
oIiT02Mdm63twJ70RF//MY++vEwW8uwo+d4s29elBXVTNp+cOv3fP5c1AgMBAAE=";

/// Another key of the same length.
const OTHER_KEY: &str = "
MIIG/QIBADANBgkqhkiG9w0BAQEFAASCBucwggbjAgEAAoIBgQCndl8lSVi19875Z8E/pVXL0SA4zOh/LPry6ChwVv+Ql7hu0/Hz
owraQlw+JtXZDcsRU1iDTY0Ia9mZNj11+XANUZJlU9IzepQEZltm+uCvKwYgtIsbYKozSh0ss7pIev1Qgxn45pg/+0Jc9EHJH7Gq
dAFcn5HRyHESz1V9u3FBGGgyHYeoeLSzzgCoyrFFj0IuYnsD555TiGISLQgDg9M/m1FfzUXYb/YPpzg9YWcWvFstRZiA8jV3JOTj
QCwI0WFdIGS3wNPAklBwScErD1i0W1RxTMxgFjH2fG/F4u6V7o/fdOhkWmp9R0NY7Y6ud4vg5g6YjPfqvKNJwG5df1fhlcmNH7PT
2Z7HKj2tz+qtfe8CYv9k8U568zDXTXGuapLDGc4JROpJXS+QdlkPlAYUKSYsuQHalmWjUIh4mKn4FeN7DB9RgKQWVWwEfDou/rMq
DpKLp/yyRwgBaNqARVWw+dISo2mJtbLcwAtXP16qWeilI8H9ZjO9bXHKuPfiUS8CAwEAAQKCAYA61o3eiXNIWD3aBnjxNlO7TYp/
Oouz52dywlw3AHJB6PTtx70ap94PysIjOjznyv9e4oRWegCEBXTKbrLQiSg0HcWMoZNY8AgitZ4GxD3+feTkx9qab2/Nnow6oRli
DwiC6dVNzSOQU2VBSLb2hhLD+4dg9lXjOgR0ofF9QEcuIne1qAd6i5KeHFLB+5mmgYu0xXhIanCIFAK1NSo8JeyqzBUezn5sagYw
AMZzVo5EgECe2vWW1MMxTf6309vE61+y2vuKXAnfASSTLY2+2gOFyox2TUL3ZqBJlBUpY1uuTWRcnIFIAp0UFNcvL7SCcrVVlI96
ALJc9/a/o1cnzuiIMYxhYFC6BoFSHlu9rOTSI4csB6D+RnuBKHpj1O41FrZoJdxay8B4AOm5YLwyMCv/w1kz2cUPHMKmDRj21KGa
dPewfWxqMhrzvbseJh0As5uHKo4OzePnbWD72cuniUHYKWBDaliFFKlyci9Kizmdz079hgwqJ4X3P1i0wvlhVUECgcEA3ofB15cW
t29x5hl1Wgs687E/N4pyYIpsGO//LSEIC2TB1sZxFMlEgbdf+YpV1Ff1lStk6V+GKhX/Q1mYdxFxX1TN+VblPBRL8YXEfMBRGqCw
4a0PTjVKAGre0bZUHToC9XsV9hcrHi9qkEwXjZc4NC/+bj5M668sh+1/Ype1HLg8jv2vQJkXNDEcr93kZ7PgsrE+zlta9g6PrLWj
Ev5am4jf2NlHFGJgL4EEsX/0Sush2TOeXIMncwqj+tYRTkXBAoHBAMCmS57m1eZX6/X0t7g5+K1vh3SQOYnb/XOG3JaM5BUXROuS
TP3MSwvx3Wby5JnZl8sh+911UNNrXsiGi5lwZH4bJ3hzFVpN7t/lgIBInHJ9y176J8RWIHzpcBjdXJ1vyDt1i33SxhptA+Jeypmd
KxX2Tzy5z7jyIdK91qmqvt5lBA4O80IcYpw82/KWFYgjKydx0HyANxpBgQzSTpCD/ApwF0nl1ydk+6WS1WNlxbb9i7bAw88YYL+H
ZewVjQ+y7wKBwQCPDjEUOoIVDKTpKoahi0Srss+UEgGzhGk3otmllm2IfY6LVukNVtIendcqIb9Jkf5DljD6QjmKxrdiAbAdI26B
vY/oce9OLzIfI0KMfEnnV1Q+0DVdrq5TFGEH6jGq1Edgrm8Q1BYZApx8BR7DHGq6SfxDvPNQND3paEmTBToeK2Zq+jT2zzP2jngF
qx0RebbCyWU53crdEcFVYzNhm3h+MoDM8+lY9mElSMjOnxZaL0yESEXO7VWoBDgkogdgDUECgcAPnuxOzCTX8pUdcmRbOcgiOALh
vrgLp5zbeznzsyTjWOmruEcp5SDIrSnoqRVELFKUlALaKCMPoYsj81TqciST3RvMNniqw9r0qKVMwZZ96hlNcDc9QkaMGlmOipRx
55hyycsvvqF1jxVbi5gd8JKHy1sNb3uaYXfAoMgBJekoG0TC5w9ucuLEDGNBPk4spb1gC2h+T98n79vI8FySd0E+j2wz/8D8XsHQ
4SEQWDY56kEj5ml6J13g6den1u+DMF0CgcBZRR0tWdpyOht8jr/PrMY/caojB76fBbbfxNVkb4KRoqYid7ZVcM7JmgfdsD3Rcoxz
mlE6ta7RYfZSuF10rgz+LfRcU4l/E97lEry7TKGMCzlfqJrUi79NDfXgvsN5ltkktU682BqQB+IUbzaJp9zpzi3/u9CrJnN7sAzk
iIsKiRnuxupr7PU4GaERoan7c2/tedHoklPmN6YPoxnrxgRaK6zNJzu70aiG/TiqqCaGDsMA3AQxuTrDQQfZZpKge+4=";

/// A key of 2048 bits.
const SHORT_KEY: &str = "
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDTgQQGvshpmUvtWm9/KCQO3+bXD8g8GoTb7SC6x9yOLZIZMDoI
2+u6nFjDQKAkSvXLud2d0rh+oMO/xy+WH7vHO2mKixRqnPhkleTjJsvHHnvRrQl6lcadeXldJhftDJ8GHTynfZ8Qr+fkVQu2UaEe
4w5JLy0AqVZZIQbmi/cTeEPW06Z420xGo3UW1d1jA/uHQnr5eMdxXuGr3gEOm+8ocSd4KP+/9dG5BQ9NgOhsqtWUaFFCE3KzNlt1
UCfuLtAf9mvsZyY8XoYUy7t3gNGRAkZIUvcW0hTBR+3oz06IJ3ksttzKGK5AMfDYRLHgB3IhsJ9wwqcrHdSXUm+7PMEpAgMBAAEC
ggEACftGo950Gdu0t1GZynZfNHga1Ljd2jKymEITVdoVAOOKR6sJfVDxSb/5xmxlDy43qTL73QHMi2YhGgqXjQexXOBjOJ+CSdr5
NAU8JWY3nsDD1vjjsu46zqq+PTtATNBYK7mZThqoTs+ZnrwbjrHahaXxW8EHG2CVsfFUYIpn3i2SwbavNmu+tX61uW8Oer1dHppx
gsfGNf2VS9nWi03EH9rb31zgGTTq8pant4QQpYRfBzX2yhRVRVPI2td5fVOwGe4Sl+CWHohz719v3KEHFf1HP6fL3X0tKWTp/BjD
409ddFHys+IloKa9+wGUMs8B8Ms2kZ0NrsQ/gkCb0aKLCQKBgQDqYohIS3qpJ+z032SrscZuhoXjTgdbj6jpMVu5GpRoXE9XL5T7
kZ2NQOi3jWvIUsyRSk9MbxZLQgQsy00nh5VzWZdy5U1Z17NclGZToNd5k82WMlhKsm4j2HkCkucwuzcPEZvCb9vVLtcsPQl8EXTV
UfHhpXKtMhWy1RjqOi3BpQKBgQDnAkzDuCUwbAbpF1IUZnh0FV/Wx697tdOYXOpsRxJok4TFeu5+460rLJDslxJF3t4/F8yFyOwT
DQXeW7eJkUTcJgOeCubP7ydciRj7I6N/t6YQNl8pu3gw07ZQPWcP9qJl8ZrMh4JGUPuHqrzNmapdD9AkjRvW/g/IKO7MhpDiNQKB
gQCPpg/sbwYgQi4B7iAe8nexKZVJOHtd7HATa4LRsa6fP2QJBUqD3Dz5Y3y9cllKjyR9L1PmfnblbPJuGbORtJEt/wzJCCweEgsF
hJYqTvuAsctgcD6YmT7TjUqs/yfeP/+ApsQVqMTMpUaPAGGdvn0ieHSMXQApkfamgeAhPcLpWQKBgQC5d748EPdCtiiiMcgDevXQ
dWy52x6H20bj+A16G2GrNm0NxBIBLDhXBnPgj7XrBPE4hJn++36WGQmSKd7kgw5fFeInnCcN4Lugbq3wy/8zxjV8pLqoncv0n7Wr
HHFHfsOJx316In20iMY5eRoWk/4Us2JwRh6I8PeowzxeVtex1QKBgGNf2krGDC5RB7zeKdPdFlTW2Xk0unj8JA2B+iKkHB3rRT3A
zoRsO7Njq+7OOudbE2xda/3UijkWwDN4RZBVFmyGSXQXPZeRoLG0KAjtw6LibXINcsyyBM4sj0ENaP6VUS3OpWK+WGwr+jeJQtS/
xpuB5og9ClqLpfRT1WmkCy56";

/// SHA-256, and SHA-256 in the mask.
const A: &str = "
SZR2fz4PybdMqq7moRf8xAPVJk1jRtyU9xMFfp60IL9FVCgaWaZt1QWacmnF6q8q0P33RXqqV0j59Mmw/vcjX67bOtZYzkJPqLbB
1dB9Ijs5wikMpY1vhH89y8jaUmNzirIKXxJaxb9RQX95joRr39ZrGMbEwqGiWyA8eQm1zDr3XiMH+9B9YO0jd3yKiHL33FGOxFvO
lcdf9H76ayriF4vKYBjHc8XhGJwr08li1fCQSqdqkQrv8v2GFKULUX76z2Rj5IS2iw9rIwV8sachfhFRfwgYfXPOmomNxwCDyAfr
MCaK/nEkCa6W9aTA6KLoJ39iQj9O2cnqyX4FZBu0x5bBfS2R+kWtMedc2PI89mbKGkXR1s22xhXrB8qwZoyM0cu6n7cNHTkxC2NW
l9okAtdmg89jrYPEdz3tksXKRiCQeMAhIvK8Tqi/P1qh+2e5Y1ufGtdcGGR+Hmo47YyQyOn5GCLAelEmR6iXOH0xcUQPjWIvyKn2
+hZZPORGLhZD";

/// SHA-256, and SHA-1 in the mask.
const B: &str = "
bSF9Uhg746nBUsWv45UVR45HyPpg5vVKqVJ0aQr2D4dLFREygMnrl35N/Dtshv8C48ahjk8B/uAQFvJnss5zk33O8BluOxHs4Tz7
vtlJkZw3GgLI6SlqIbOpEZW2ck0a3t4rJSkJqCF04sJzjHw2XE9rF9KEb/l0HMXVPJ00tYGVaBobaqYUjiTyB49fYZPv3ljza+Jq
cux5aevmE1e/7e/w1tc0sI2GfVaQDYs1kYvbIvwql4GayzBsevPRDFyYDKbqCIHtn3z7HLbSv5mGBQYtGpruVYc4r7Us+pD8q+uc
xO5Re54tvVrn9gzrwxeTfL1HB8R5Y8RDEzm/sApx2sl8Wb1lmHgnpzLJUCVIvfqNgYhwqA9yERIi8/m1EGwXwADf/6DezW6y1gYo
tEuKBdoYrK4Q+guvFTJOn3DX/yyNH1iOnl1wUt3vvxq1bY8E1bU2IkzRVEEqf2r/1lImL9RrgPcRPdadIx9EiBXUXQSQU3iVW4HH
MdrapYBOW9Uq";

/// SHA-1, and SHA-1 in the mask.
const C: &str = "
KEzrzEh8CZhRfYrQ0rQ/roJ2yoSGNTqadU9Vdf+i/XaQXwS1D+/5yr7uXezGsah0uJl2GfcLoPnafVCW2tDYr2yQGtEQ+IJrH6HG
nngxYBmP6AhRQwTsfpER0uZKmkmJBHz/zMLCScg1noY2PO8k0KCmgsv8yDsEVyfEZXgtmQLoLmXisAyuJNJFqPVQ+twe0IS/U1Km
RCWO+unkWcQSNQEMUlwuuHP/JVMmKzKKQFPcgoOwGs5Ma8Cn7QIxhBzrb1CzXNa9jGG3WkoRSba0uo4Yf3JN3HmmbGlxdPZP718i
nudo+qbv0B0Aa2VoMtXSWXdXKwfbKr9c5kBpELB+0i9ehwG99b/FtB/VhQ0PssPLOVBTFo1wcYnJvzd1vPzIB1Xqa2hp6mlZYp+S
6R8Lrfq/n+FVOmpMcgZPs5niEw5HKeYTtFz3Ym3KvmbEk6IOo3Ew10MhdDFjhLylGrpV4pD9eIm7p7vD8wlqXU/dprAdnR5PlG6l
uRHgauAdW9d7";

/// As [`A`], of a secret that is not ASCII.
const A2: &str = "
c2XKze9n0g718Ztnh1HWGv/q5tq8rJlE51gXJZExvQ1Ror4X/2Ee183udgRG1IbWpLnUVQV/Eqa8wweIy6wuNpza8sc04cHvIgfY
jdU7Wab62nbeIZHmOB1ERCS+DzxdR76fD4nrcV512LS+/bWJ2nJcmxjk6ZrShrLq3lfL+iQvcorK7MF1RzAA4nPT/Qx+ZHKKZNXJ
P8cocefsCE+TUIr/j8Am+F/PKTVKGbSkgNi0+8t/9Ow6L/sG3PxQvf41KqaRMfr55LpA9VDVP6KWApQQrQnjIpXAYpjK9NpYg3qQ
Ge3qu87IHo2mqZOluhjcSVNCEIasxz68cRCOnLjDSeqjNhnBq29+HeQdP+CYLbxu5c4wQmj0/nKmPqyDpg/bm4fZP3P1oalVRgQ7
zo2zi3MLLj4eE/PHAF/XLAJPvyaFcKp5AOWRiKRAiIkSvsWfoA8qkQVtpRMQP4KEVTcr8+ARJD/jMKgSRmKywWWqK+GmXBh422sy
346Sw3qtvDnT";

fn keys(texts: &[&str]) -> Vec<PrivateKey> {
    texts
        .iter()
        .map(|text| PrivateKey::parse(text).unwrap())
        .collect()
}

/// A verified call with this client secret.
fn call(secret: &str) -> Verified {
    let body = serde_json::json!({
        "instanceId": "inst-1", "tenantId": "t-0001", "appId": "app-9", "clientId": "client-1",
        "clientSecret": secret, "flag": 1, "testFlag": 0,
    });
    Call::signed(Interface::ApplicationSync, &body.to_string()).unwrap()
}

fn open(secret: &str, keys: &[PrivateKey]) -> Result<Opened, SecretError> {
    call(secret)
        .client_secret(keys, &mut SysRng)
        .map(|opened| opened.expect("the call has a secret"))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn bytes(text: &str) -> Vec<u8> {
    use base64::Engine;
    let text: String = text.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

/// Encrypts as the marketplace does.
fn seal(padding: impl PaddingScheme, plain: &[u8]) -> String {
    let key = rsa::PublicKey::from_public_key_der(&bytes(PUBLIC_KEY)).unwrap();
    base64(&key.encrypt(&mut SysRng, padding, plain).unwrap())
}

#[test]
fn a_secret_opens_with_the_parameters_it_was_made_with() {
    let keys = keys(&[PRIVATE_KEY]);
    for (sealed, plain, parameters) in [
        (A, "test", Parameters::Sha256),
        (B, "test", Parameters::Sha256MaskSha1),
        (C, "test", Parameters::Sha1),
        (A2, "9f8A+/=secret-示例", Parameters::Sha256),
    ] {
        let opened = open(sealed, &keys).unwrap();
        assert_eq!(opened.secret.expose(), plain);
        assert_eq!(opened.parameters, parameters);
        assert_eq!(opened.key, 0);
    }
}

#[test]
fn a_secret_opens_with_no_other_parameters() {
    let key = rsa::PrivateKey::from_pkcs8_der(&bytes(PRIVATE_KEY)).unwrap();
    for (sealed, expected) in [
        (A, [true, false, false]),
        (B, [false, true, false]),
        (C, [false, false, true]),
        (A2, [true, false, false]),
    ] {
        let sealed = bytes(sealed);
        let rng = &mut SysRng;
        let opens = [
            Oaep::<Sha256>::new()
                .decrypt(Some(rng), &key, &sealed)
                .is_ok(),
            Oaep::<Sha256, Sha1>::new_with_mgf_hash()
                .decrypt(Some(rng), &key, &sealed)
                .is_ok(),
            Oaep::<Sha1>::new()
                .decrypt(Some(rng), &key, &sealed)
                .is_ok(),
        ];
        assert_eq!(opens, expected);
    }
}

#[test]
fn every_private_key_is_tried() {
    let opened = open(C, &keys(&[OTHER_KEY, PRIVATE_KEY])).unwrap();
    assert_eq!(opened.key, 1);
    assert_eq!(opened.parameters, Parameters::Sha1);
}

#[test]
fn a_secret_that_stays_closed_says_why_and_is_answered_with_000101() {
    let ours = keys(&[PRIVATE_KEY]);
    let mut changed = bytes(A);
    *changed.last_mut().unwrap() ^= 1;
    for (sealed, keys, error) in [
        ("?not base64?", &ours, SecretError::NotBase64),
        (&A.replace('S', "*"), &ours, SecretError::NotBase64),
        (&base64(&bytes(A)[1..]), &ours, SecretError::WrongLength),
        (
            &base64(&[bytes(A), vec![0]].concat()),
            &ours,
            SecretError::WrongLength,
        ),
        (A, &vec![], SecretError::WrongLength),
        (A, &keys(&[OTHER_KEY]), SecretError::Undecryptable),
        (&base64(&changed), &ours, SecretError::Undecryptable),
        // More than the modulus.
        (&base64(&[0xff; 384]), &ours, SecretError::Undecryptable),
        (
            &seal(Oaep::<Sha256>::new(), b"\xff\xfe"),
            &ours,
            SecretError::NotText,
        ),
        (
            &seal(Oaep::<Sha256>::new(), b""),
            &ours,
            SecretError::NotText,
        ),
    ] {
        let failed = open(sealed, keys).unwrap_err();
        assert_eq!(failed, error);
        assert_eq!(failed.result_code().code(), "000101");
    }
}

#[test]
fn blanks_inside_of_a_secret_do_not_count() {
    let spread = A.replace('\n', " \r\n\t");
    let opened = open(&spread, &keys(&[PRIVATE_KEY])).unwrap();
    assert_eq!(opened.secret.expose(), "test");
}

/// A source that gives nothing.
struct Dry;

impl TryRng for Dry {
    type Error = std::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(std::fmt::Error)
    }
}

impl TryCryptoRng for Dry {}

#[test]
fn without_randomness_nothing_is_computed() {
    let failed = call(A)
        .client_secret(&keys(&[PRIVATE_KEY]), &mut Dry)
        .unwrap_err();
    assert_eq!(failed, SecretError::NoRandomness);
    assert_eq!(failed.result_code(), ResultCode::InternalError);
}

#[test]
fn a_call_that_takes_an_application_away_has_no_secret_to_open() {
    let body = r#"{"tenantId":"t-0001","appId":"app-9","flag":0,"testFlag":0,"clientSecret":"?"}"#;
    let verified = Call::signed(Interface::ApplicationSync, body).unwrap();
    let opened = verified.client_secret(&[], &mut SysRng).unwrap();
    assert!(opened.is_none());
}

#[test]
fn a_private_key_is_pkcs8_in_pem_or_without_its_lines() {
    let pem = format!("-----BEGIN PRIVATE KEY-----{PRIVATE_KEY}\n-----END PRIVATE KEY-----\n");
    let joined: String = PRIVATE_KEY.split_whitespace().collect();
    for text in [pem.as_str(), &pem.replace('\n', "\r\n"), &joined] {
        assert!(open(B, &keys(&[text])).is_ok());
    }
    for (text, error) in [
        ("", KeyError::NotPkcs8),
        ("key!", KeyError::NotBase64),
        ("AAAA", KeyError::NotPkcs8),
        (PUBLIC_KEY, KeyError::NotPkcs8),
        (SHORT_KEY, KeyError::TooShort),
        (&pem.replace("PRIVATE", "RSA PRIVATE"), KeyError::NotPkcs8),
        (
            &pem.replace("PRIVATE", "ENCRYPTED PRIVATE"),
            KeyError::NotPkcs8,
        ),
    ] {
        assert_eq!(PrivateKey::parse(text).unwrap_err(), error);
    }
}

#[test]
fn no_debug_form_shows_a_secret_or_a_key() {
    let key = keys(&[PRIVATE_KEY]);
    let verified = call(&A.replace('\n', ""));
    let opened = open(A2, &key).unwrap();
    let shown = format!("{key:?} {verified:?} {opened:?}");
    for secret in ["MIIG", "SZR2fz4Py", "9f8A", "示例"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

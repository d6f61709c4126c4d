// Public OpenPGP keys that GnuPG 2.2 generated for tests, base64 of their binary form. Their private keys were deleted.

/** Ed25519 to certify, Curve25519 to encrypt, no expiry. */
export const ENCRYPTION_KEY =
  "mDMEaVW5ABYJKwYBBAHaRw8BAQdAT1SCAN8Vt1wscIgExK6FSeaRCLu2eSzg1e0wV0WA9OS0FWVuYyA8ZW5jQGV4YW1wbGUuY29tPoiQBBMWCAA4FiEEqmBkHI4Qo2Dfb4MaNhlbd3sfDGYFAmlVuQACGwEFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQNhlbd3sfDGZ/uwEAgwnDs9ubrSg7ZCFpxu9AJuOWrOmzapP+mGkZEeGgvgABAI/Ws38emvnE+hyaXj4F6cKsvm0q4uq/xZspbrdY8WsOuDgEaVW5ABIKKwYBBAGXVQEFAQEHQIC51tiAW/ngxQorgG9Rhv77tvQtlNi/DNyYq8MzKTBEAwEIB4h4BBgWCAAgFiEEqmBkHI4Qo2Dfb4MaNhlbd3sfDGYFAmlVuQACGwwACgkQNhlbd3sfDGanLAEA0405YnF95hiyqSPdUtorpOe1+3T1ppfPobmPJfi5HLIA/iZj8a70H29TFsvDsHBS6XejbUOe54oFgD8EpeMNLloO";

/** As above; its encryption subkey expires on 2027-01-01, the key itself a year later. */
export const EXPIRING_KEY =
  "mDMEaVW5ABYJKwYBBAHaRw8BAQdAwQUHof5pHwReRIsrtCiuyMDclGmPpYbbEPZkhSYh4p+0FWV4cCA8ZXhwQGV4YW1wbGUuY29tPoiWBBMWCAA+FiEEdjq4CeFwKOOHBsO5OVKFkMHfCHAFAmlVuQACGwEFCQPCZwAFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQOVKFkMHfCHBowAD7BhHaTg0qSp3Nw6Ib+UVeWavtUs5Fhm7ABUu+Ec+zJ4IBANfaljg5hZVS+ti/6atxSkll8bgeEypgf4Cr2QJNB5APuDgEaVW5ABIKKwYBBAGXVQEFAQEHQA0s0JD2s3W9euuIZvZMreWivrOvN5DQBADimo6W2vtHAwEIB4h+BBgWCAAmFiEEdjq4CeFwKOOHBsO5OVKFkMHfCHAFAmlVuQACGwwFCQHhM4AACgkQOVKFkMHfCHAzyAEA3+ssO7nQa6BNen/ngAemfC9SNGs9+2LTAyDXVRspCMgBALPDrwwcUiKoo/5dnsH3VC+fDapgLraGSirFzZ2ZXu0C";

/** One RSA key that signs and encrypts, no subkeys. */
export const RSA_KEY =
  "mQENBGsFz4kBCADPGlNOVThgwLCH/Q63uEygdrfrI1xi64VNu63mU1aLskIICq18JLTrMdpN/6mKDLQzQGV14PEcsSzYMGPZghMDim6LsabmZo7oRcz1/tWgpGu6RAhpIuRpsEtkttY1BE4wxuW2aaSz8oBmob0TEdjSpUKtl6KSYmLyrQdWIvb6tKiznX+pNtAZoKfeMJUfjPwzbQSeZLYT/rVsPDzhm/aMo6n93lFavIoWCE7H4TVTHICRocJnPGdzDO5JbbairiQ6NVm5dZG1NzpCP9w5roEpQ2NyCyaol/+EoRituc1UF4TurDOTSmxSX3dVjyKrL4iflXGHKewpAuVx3Oy6x6rVABEBAAG0FXJzYSA8cnNhQGV4YW1wbGUuY29tPokBTgQTAQoAOBYhBFt/33BqNQ17V1qSIUiJUNo2xZqwBQJrBc+JAhsPBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEEiJUNo2xZqwfmMH/3ZPZOBBQE6A1TUCzhnR9ewCTk6yTPcCQCDnHBeaCeeiMpwkGArHgzx58gfmsZEQEJ3qvbiYpSW4cdY1nljnMfQNPOofeihHb02z64u+qXFm/xZYgDlM4EGYhA3BQ/kwnVCYJFYRGXZPKBDI87fGciF7ZanIHylrQactDu/DKIFXLZXcKFIefLYJGkmWe7sxgokja2koARS9M1lEziXCSjJytSYGvCyalCa6+usRa+o1TbgBo3c+PuOEC3qopmpdZ73K19wkx7Fe+hpPb1P7HsaGuJmLTlGduwJ/EEAzVG+M5EHr8ofr12MGKB94cjWxEh5HicFIzWeFTVwWsp8I2+g=";

/** Ed25519 that signs, and no subkey. */
export const SIGN_ONLY_KEY =
  "mDMEaVW5ABYJKwYBBAHaRw8BAQdAT/XiO0n168PRJxCjU45Nwt4zc6NPU7UCAUn9Fun9edG0FXNpZyA8c2lnQGV4YW1wbGUuY29tPoiQBBMWCAA4FiEEo/UpsJhWBTacrX6kLhQ46Lb12dgFAmlVuQACGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQLhQ46Lb12dgaYgD/VVnN9VyHFngJpk9Ku6c3pFfzL68wYydN2kq5Dp9N2iEA/RXQW3slvoJ+h+6dAeQzv/XGT9ZxgBLq5fFHQ2pNyOwF";

/** Revoked by its owner. */
export const REVOKED_KEY =
  "mDMEawXPiRYJKwYBBAHaRw8BAQdAmklqiJDZt5AbflSeDvAFek2yAtPeJgDcnI4shqXDQSuIeAQgFggAIBYhBAggsoiKG4fT4LtGmkobcqK0433dBQJrBc+JAh0AAAoJEEobcqK0433dz9IA/RieP/n6/ug7J0lpRlLFKLFlxVaF9eRetddL0iO9GJZwAPwNxnMC04HtgpdOmON3OGhkeHWk5UMQlsxBPnG7l798BrQVcmV2IDxyZXZAZXhhbXBsZS5jb20+iJAEExYIADgWIQQIILKIihuH0+C7RppKG3KitON93QUCawXPiQIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRBKG3KitON93cIrAP0bu9LQtSR4c+MYaRcqZIBeLjctRvbei/CZypewoJ3EbQD6A6TLOPn6VDgYoJ5raWoDJkoROjJV5EpEiHaf/vKSBg0=";

/** A key as `gpg --export-secret-keys` begins one: its first packet says so, whatever follows. */
export const PRIVATE_KEY = ((bytes: Buffer) => {
  const [header = 0] = bytes;
  // Packet type 6, public key, becomes 5, secret key; the type is in bits 2 to 5.
  bytes[0] = (header & 0b11000011) | (5 << 2);
  return bytes.toString("base64");
})(Buffer.from(ENCRYPTION_KEY, "base64"));

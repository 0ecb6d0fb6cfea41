package io.hotplex.server.internal.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a certificate and its private key from PEM files. */
final class Pem {
    private static final Pattern PRIVATE_KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    /** Kinds of keys, and how each signs. */
    private static final Map<String, String> SIGNATURES = new LinkedHashMap<>();

    static {
        SIGNATURES.put("RSA", "SHA256withRSA");
        SIGNATURES.put("EC", "SHA256withECDSA");
        SIGNATURES.put("EdDSA", "EdDSA");
    }

    private static final int NONCE_BYTES = 32;

    private Pem() {}

    /** @param chain the server's certificate, then those that it depends on */
    record Pair(PrivateKey key, List<X509Certificate> chain) {
        Pair {
            chain = List.copyOf(chain);
        }
    }

    /** @throws GeneralSecurityException when they are not what they should be, or do not belong together */
    static Pair read(Path certificate, Path key) throws IOException, GeneralSecurityException {
        List<X509Certificate> chain = certificates(Files.readAllBytes(certificate));
        PrivateKey secret = privateKey(Files.readString(key, StandardCharsets.ISO_8859_1));
        if (!belongTogether(secret, chain.get(0).getPublicKey())) {
            throw new InvalidKeyException("they do not belong together");
        }
        return new Pair(secret, chain);
    }

    private static List<X509Certificate> certificates(byte[] pem) throws CertificateException {
        List<X509Certificate> chain =
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem)).stream()
                        .map(X509Certificate.class::cast)
                        .toList();
        if (chain.isEmpty()) {
            throw new CertificateException("there is no certificate");
        }
        return chain;
    }

    private static PrivateKey privateKey(String pem) throws GeneralSecurityException {
        Matcher found = PRIVATE_KEY.matcher(pem);
        if (!found.find()) {
            throw new InvalidKeyException("there is no unencrypted key in PKCS #8, which is BEGIN PRIVATE KEY");
        }
        PKCS8EncodedKeySpec encoded =
                new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(found.group(1)));
        for (String algorithm : SIGNATURES.keySet()) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (InvalidKeySpecException e) {
                // of another kind
            }
        }
        throw new InvalidKeyException("the key is of no known kind: " + String.join(", ", SIGNATURES.keySet()));
    }

    /** Whether what one signs the other verifies. */
    private static boolean belongTogether(PrivateKey key, PublicKey certified) throws GeneralSecurityException {
        String algorithm = SIGNATURES.get(key.getAlgorithm());
        if (algorithm == null
                || !Arrays.asList(key.getAlgorithm(), "Ed25519", "Ed448").contains(certified.getAlgorithm())) {
            return false;
        }
        byte[] nonce = new byte[NONCE_BYTES];
        new SecureRandom().nextBytes(nonce);
        Signature signing = Signature.getInstance(algorithm);
        signing.initSign(key);
        signing.update(nonce);
        byte[] signature = signing.sign();
        Signature verifying = Signature.getInstance(algorithm);
        try {
            verifying.initVerify(certified);
            verifying.update(nonce);
            return verifying.verify(signature);
        } catch (GeneralSecurityException e) {
            return false; // a signature that is not even of the right form
        }
    }
}
